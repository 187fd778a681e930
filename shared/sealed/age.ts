import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { chunkNonce, tagSize } from './payload.ts'
import { release } from './release.ts'

const algorithm = 'chacha20-poly1305'
const options = { authTagLength: tagSize }

/** As an object: Node looks for long what other bytes could be, each time a cipher begins. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32)))
}

/** Writes the sealed chunk to `out` at `at` and returns where it ends. */
export function sealChunk(
  key: KeyObject,
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
export function openChunk(key: KeyObject, counter: number, last: boolean, sealed: Uint8Array): Buffer | undefined {
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
