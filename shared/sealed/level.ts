import { constants, zstdCompressSync } from 'node:zlib'
import { release } from './release.ts'

/** As much of a block as is looked at. */
export const sampleSize = 256 * 1024
/** What is shorter says little about what follows. */
const leastSample = 64 * 1024
/** Bytes that one sample speaks for, so that its cost is little among them. */
const sampleReach = 16 * 1024 * 1024
const usualLevel = 3
const fastLevel = 1

/** Chooses zstd's level for block after block of streams: 3, or 1 where a sample comes out no larger with it or does not compress. */
export class Level {
  readonly #given: number | undefined
  #level = usualLevel
  #sinceSample = sampleReach

  /** @param given always this one */
  constructor(given?: number) {
    this.#given = given
  }

  for(block: Uint8Array): number {
    if (this.#given !== undefined) return this.#given
    if (this.#sinceSample >= sampleReach && block.length >= leastSample) {
      this.#level = levelAfter(block.subarray(0, sampleSize))
      this.#sinceSample = 0
    }
    this.#sinceSample += block.length
    return this.#level
  }
}

/**
 * The level for content like `sample`. Higher is not always smaller: numbers and noise come out as small, or smaller, at level 1, which takes
 * half the time.
 */
function levelAfter(sample: Uint8Array): number {
  const [usual, fast] = [compressedSize(sample, usualLevel), compressedSize(sample, fastLevel)]
  return fast <= usual || fast > 0.97 * sample.length ? fastLevel : usualLevel
}

/** On this thread: each thread of the pool that did it would keep a megabyte for the next time. */
function compressedSize(sample: Uint8Array, level: number): number {
  // Room for the whole result in one buffer, so that it can be given back.
  const params = { [constants.ZSTD_c_compressionLevel]: level }
  const options = { params, pledgedSrcSize: sample.length, chunkSize: 2 * sampleSize }
  const compressed = zstdCompressSync(sample, options)
  const size = compressed.length
  // A small result was copied into a pool that others use.
  if (compressed.buffer.byteLength === options.chunkSize) release(new Uint8Array(compressed.buffer))
  return size
}
