import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { Decrypter } from 'age-encryption'
import { damaged, headerFailure } from './damaged.ts'
import { type Recipient, unpadded } from './recipient.ts'

/** A header is a few lines per recipient. What is longer is no header, and is not searched for its end. */
const longest = 64 * 1024

const version = 'age-encryption.org/v1\n'

/** A fresh file key and the header that gives it to the recipients. */
export function newHeader(recipients: readonly Recipient[]): { header: Buffer; fileKey: Uint8Array } {
  const fileKey = randomBytes(16)
  const text = `${version}${recipients.map(recipient => recipient.wrap(fileKey)).join('')}---`
  const macKey = new Uint8Array(hkdfSync('sha256', fileKey, '', 'header', 32))
  const mac = createHmac('sha256', macKey).update(text).digest()
  return { header: Buffer.from(`${text} ${unpadded(mac)}\n`), fileKey }
}

/** Where the header in `start` ends, or undefined if `start` does not reach that far yet. */
export function headerEnd(start: Buffer): number | undefined {
  if (start.length >= version.length && start.toString('latin1', 0, version.length) !== version)
    throw damaged('it does not begin like an age file')
  const mac = start.indexOf('\n--- ')
  const end = mac < 0 ? -1 : start.indexOf('\n', mac + 5)
  if (end >= 0) return end + 1
  if (start.length > longest) throw damaged('its header has no end')
  return undefined
}

/** @throws Failure `identity-does-not-open`, or `sealed-damaged` if the header was changed */
export async function fileKeyOf(header: Uint8Array, decrypter: Decrypter): Promise<Uint8Array> {
  try {
    return await decrypter.decryptHeader(header)
  } catch (cause) {
    throw headerFailure(cause)
  }
}
