import type { Decrypter } from 'age-encryption'
import { damaged } from './damaged.ts'
import { type PayloadCipher, payloadNonceSize, sealedChunkSize } from './payload.ts'
import { fileKeyOf, headerEnd } from './read-header.ts'
import { release } from './release.ts'

/** What one `decrypt` works in; it can be used again for the next, never for two at once. */
export function newDecryptBuffer(): Uint8Array {
  return new Uint8Array(sealedChunkSize)
}

/**
 * The plain bytes of an age v1 file, 64 KiB at a time, each valid until the next is asked for. A chunk is handed out once it is
 * proved to be what was sealed in its place; that the file is complete is known only when this ends without an error.
 * @throws Failure `sealed-damaged`, `identity-does-not-open`
 */
export async function* decrypt<Key>(
  sealed: AsyncIterable<Uint8Array>,
  decrypter: Decrypter,
  held: Uint8Array,
  { payloadKey, openChunk }: PayloadCipher<Key>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let start = new Uint8Array()
  let key: Key | undefined
  let counter = 0
  let filled = 0

  const take = (chunk: Uint8Array, last: boolean): Uint8Array => {
    const plain = openChunk(key!, counter, last, chunk)
    if (!plain) throw damaged(`what begins at byte ${counter * sealedChunkSize} of its payload is not what was sealed`)
    if (last && plain.length === 0 && counter > 0) throw damaged('its last chunk is empty')
    counter += 1
    return plain
  }

  for await (const piece of sealed) {
    let chunk = piece
    if (!key) {
      start = joined(start, chunk)
      const end = headerEnd(start)
      if (end === undefined || start.length < end + payloadNonceSize) continue
      const fileKey = await fileKeyOf(start.subarray(0, end), decrypter)
      key = payloadKey(fileKey, start.subarray(end, end + payloadNonceSize))
      chunk = start.subarray(end + payloadNonceSize)
    }
    let at = 0
    while (at < chunk.length) {
      // As in sealing: a full chunk waits until more has come, because the last one is marked.
      const whole = filled === sealedChunkSize
      if (whole || (filled === 0 && chunk.length - at > sealedChunkSize)) {
        const plain = take(whole ? held : chunk.subarray(at, at + sealedChunkSize), false)
        if (whole) filled = 0
        else at += sealedChunkSize
        yield plain
        release(plain)
        continue
      }
      const count = Math.min(sealedChunkSize - filled, chunk.length - at)
      held.set(chunk.subarray(at, at + count), filled)
      filled += count
      at += count
    }
  }
  if (!key) throw damaged('it ends within its header')
  const plain = take(held.subarray(0, filled), true)
  if (plain.length > 0) yield plain
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
