import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

/** Where the files of the restore page lie in the bundle of restore-api. */
export const pageFolder = 'page'

/** Writes a file of the page, and beside it what a browser gets that takes `br` or `gzip`: a function has better things to do than to compress. */
export function writePageFile(directory: string, name: string, bytes: Uint8Array): void {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, name), bytes)
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  writeFileSync(join(directory, `${name}.br`), brotliCompressSync(bytes, { params }))
  writeFileSync(join(directory, `${name}.gz`), gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }))
}
