import { Compressor } from './compress.ts'
import { WideCompressor } from './compress-wide.ts'
import { encrypt, newEncryptBuffers } from './encrypt.ts'
import { parseRecipients } from './recipient.ts'

export interface SealOptions {
  /** zstd's; 3 if not given, or 1 where a sample shows that the content does not compress. */
  level?: number
  /** Compress with several threads: for a stream beside which there is no other. */
  wide?: boolean
}

/** Seals one stream after the other in the same buffers; never two at once. */
export type Sealer = (plain: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>

/**
 * zstd, then age: what it yields opens with `age -d -i identity | zstd -d`. A chunk of `plain`, and a chunk that is
 * yielded, is valid only until the next one is asked for. An error of `plain` comes out of the result; leaving the result early ends `plain`.
 * @throws Failure `recipient-invalid`, at once
 */
export function newSealer(recipients: readonly string[], { level, wide = false }: SealOptions = {}): Sealer {
  const parsed = parseRecipients(recipients)
  const compressor = wide ? new WideCompressor(level) : new Compressor(level)
  const encryptBuffers = newEncryptBuffers()
  return plain => encrypt(compressor.compress(plain), parsed, encryptBuffers)
}

/** As `newSealer`, for one stream. */
export function seal(
  plain: AsyncIterable<Uint8Array>,
  recipients: readonly string[],
  options?: SealOptions,
): AsyncIterable<Uint8Array> {
  return newSealer(recipients, options)(plain)
}
