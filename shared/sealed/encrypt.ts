import { randomBytes } from 'node:crypto'
import { payloadKey, sealChunk } from './age.ts'
import { newHeader } from './header.ts'
import { chunkSize, payloadNonceSize, sealedChunkSize } from './payload.ts'
import type { Recipient } from './recipient.ts'

/** What one `encrypt` works in; it can be used again for the next, never for two at once. */
export interface EncryptBuffers {
  held: Buffer
  out: Buffer
}

/** More than ten recipients need. */
const headerRoom = 4096

export function newEncryptBuffers(): EncryptBuffers {
  return { held: Buffer.allocUnsafeSlow(chunkSize), out: Buffer.allocUnsafeSlow(headerRoom + 16 * sealedChunkSize) }
}

/** An age v1 file of `plain`. What it yields, about 1 MiB at a time, is valid until the next is asked for. */
export async function* encrypt(
  plain: AsyncIterable<Uint8Array>,
  recipients: readonly Recipient[],
  { held, out }: EncryptBuffers = newEncryptBuffers(),
): AsyncGenerator<Uint8Array, void, undefined> {
  const { header, fileKey } = newHeader(recipients)
  const nonce = randomBytes(payloadNonceSize)
  const key = payloadKey(fileKey, nonce)
  out.set(header)
  out.set(nonce, header.length)
  let used = header.length + nonce.length
  let counter = 0
  let filled = 0
  for await (const chunk of plain) {
    let at = 0
    while (at < chunk.length) {
      // A full chunk waits until more has come: only then is it known not to be the last.
      const whole = filled === chunkSize
      if (whole || (filled === 0 && chunk.length - at > chunkSize)) {
        if (used + sealedChunkSize > out.length) {
          yield out.subarray(0, used)
          used = 0
        }
        used = sealChunk(key, counter++, false, whole ? held : chunk.subarray(at, at + chunkSize), out, used)
        if (whole) filled = 0
        else at += chunkSize
        continue
      }
      const take = Math.min(chunkSize - filled, chunk.length - at)
      held.set(chunk.subarray(at, at + take), filled)
      filled += take
      at += take
    }
  }
  if (used + sealedChunkSize > out.length) {
    yield out.subarray(0, used)
    used = 0
  }
  used = sealChunk(key, counter, true, held.subarray(0, filled), out, used)
  yield out.subarray(0, used)
}
