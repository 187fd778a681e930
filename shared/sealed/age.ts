import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { release } from './release.ts'

/** The payload of an age v1 file: plain bytes in chunks of 64 KiB, each sealed by itself (STREAM), the last one marked as the last. */
export const chunkSize = 64 * 1024
const tagSize = 16
export const sealedChunkSize = chunkSize + tagSize
export const payloadNonceSize = 16

const algorithm = 'chacha20-poly1305'
const options = { authTagLength: tagSize }

export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32))
}

/** Eleven bytes of big-endian counter and one that marks the last chunk. */
function chunkNonce(counter: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(counter, 5, 6)
  nonce[11] = last ? 1 : 0
  return nonce
}

/** Writes the sealed chunk to `out` at `at` and returns where it ends. */
export function sealChunk(
  key: Uint8Array,
  counter: number,
  last: boolean,
  plain: Uint8Array,
  out: Buffer,
  at: number,
): number {
  const cipher = createCipheriv(algorithm, key, chunkNonce(counter, last), options)
  const sealed = cipher.update(plain)
  cipher.final()
  out.set(sealed, at)
  out.set(cipher.getAuthTag(), at + sealed.length)
  const end = at + sealed.length + tagSize
  release(sealed)
  return end
}

/** The plain chunk, or undefined if it is not what was sealed in this place. */
export function openChunk(key: Uint8Array, counter: number, last: boolean, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length < tagSize) return undefined
  const cut = sealed.length - tagSize
  const decipher = createDecipheriv(algorithm, key, chunkNonce(counter, last), options)
  decipher.setAuthTag(sealed.subarray(cut))
  const plain = decipher.update(sealed.subarray(0, cut))
  try {
    decipher.final()
    return plain
  } catch {
    return undefined
  }
}
