import { createCipheriv, createHash } from 'node:crypto'

/** Bytes that do not compress, the same ones for the same seed, from one buffer that is used again and again. */
export async function* noiseOf(size: number, seed = 'x'): AsyncGenerator<Uint8Array> {
  const key = createHash('sha256').update(seed).digest()
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  const zeros = Buffer.alloc(64 * 1024)
  const block = Buffer.alloc(zeros.length)
  for (let at = 0; at < size; at += block.length) {
    block.set(cipher.update(zeros))
    yield block.subarray(0, Math.min(block.length, size - at))
    block.fill(0xee)
  }
}
