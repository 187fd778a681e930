/** The payload of an age v1 file: plain bytes in chunks of 64 KiB, each sealed by itself (STREAM), the last one marked as the last. */
export const chunkSize = 64 * 1024
export const tagSize = 16
export const sealedChunkSize = chunkSize + tagSize
export const payloadNonceSize = 16

/** What opens chunks: Node's own ciphers, or a library's in a browser, each with keys in a form of its own. */
export interface PayloadCipher<Key> {
  payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Key
  /** The plain chunk, in memory of its own; undefined if it is not what was sealed in this place. */
  openChunk(key: Key, counter: number, last: boolean, sealed: Uint8Array): Uint8Array | undefined
}

/** Eleven bytes of big-endian counter and one that marks the last chunk. */
export function chunkNonce(counter: number, last: boolean): Uint8Array {
  const nonce = new Uint8Array(12)
  const view = new DataView(nonce.buffer)
  view.setUint16(5, Math.floor(counter / 2 ** 32))
  view.setUint32(7, counter % 2 ** 32)
  nonce[11] = last ? 1 : 0
  return nonce
}
