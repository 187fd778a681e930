import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/**
 * A piece of text in less memory, at once: what works in the pool of threads takes megabytes for each piece, which the system does not get back. With its size
 * beforehand zstd takes no more than that needs.
 */
export function packText(text: string): Buffer {
  const bytes = Buffer.from(text)
  return zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
    pledgedSrcSize: bytes.length,
  })
}

export function unpackText(packed: Uint8Array): string {
  return zstdDecompressSync(packed).toString('utf8')
}
