import type { Decrypter } from 'age-encryption'
import { Failure, messageOf } from '../failure.ts'
import { damaged } from './damaged.ts'

/** A header is a few lines per recipient. What is longer is no header, and is not searched for its end. */
const longest = 64 * 1024

export const version = 'age-encryption.org/v1\n'

const latin1 = new TextDecoder('latin1')

/** Where the header in `start` ends, or undefined if `start` does not reach that far yet. */
export function headerEnd(start: Uint8Array): number | undefined {
  const text = latin1.decode(start.subarray(0, longest))
  if (start.length >= version.length && !text.startsWith(version)) throw damaged('it does not begin like an age file')
  const mac = text.indexOf('\n--- ')
  const end = mac < 0 ? -1 : text.indexOf('\n', mac + 5)
  if (end >= 0) return end + 1
  if (start.length > longest) throw damaged('its header has no end')
  return undefined
}

/** @throws Failure `identity-does-not-open`, or `sealed-damaged` if the header was changed */
export async function fileKeyOf(header: Uint8Array, decrypter: Decrypter): Promise<Uint8Array> {
  try {
    return await decrypter.decryptHeader(header)
  } catch (cause) {
    if (!/no identity matched/.test(messageOf(cause))) throw damaged('its header was changed', cause)
    throw new Failure('identity-does-not-open', 'This identity does not open the artefact', {
      why: 'it was sealed to another recipient, or its header was changed',
      fix: 'Use the recovery kit of the time when the backup was made',
      cause,
    })
  }
}
