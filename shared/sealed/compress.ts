import { constants, zstdCompressSync } from 'node:zlib'
import { ahead } from '../ahead.ts'
import { Frames } from './frames.ts'
import { release } from './release.ts'

const sampleSize = 256 * 1024
const blockSize = 128 * 1024
/** What is shorter says little about what follows. */
const leastSample = 64 * 1024
/** Bytes that one sample speaks for, so that its cost is little among them. */
const sampleReach = 16 * 1024 * 1024
const usualLevel = 3
const fastLevel = 1

/** Compresses one stream after the other in the same memory, never two at once. */
export class Compressor {
  readonly #given: number | undefined
  /** One is compressed while the other is filled. */
  readonly #buffers = [Buffer.allocUnsafeSlow(sampleSize), Buffer.allocUnsafeSlow(blockSize)]
  #frames: Frames | undefined
  #level = usualLevel
  #sinceSample = sampleReach

  /** @param level where it is not given: 3, or 1 where a sample comes out no larger with it or does not compress */
  constructor(level?: number) {
    this.#given = level
  }

  /**
   * A zstd frame of `plain`, or several where its content changes so much that another level pays. What it yields is valid until the next is asked for, and so
   * may be what `plain` yields. The work is done in libuv's pool.
   */
  async *compress(plain: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    const blocks = ahead(gather(plain, this.#buffers))
    try {
      let next = await blocks.next()
      const alike = async function* (level: number, levelFor: (block: Uint8Array) => number) {
        while (!next.done) {
          yield next.value
          next = await blocks.next()
          if (!next.done && levelFor(next.value) !== level) return
        }
      }
      do {
        const level = next.done ? this.#level : this.#levelFor(next.value)
        yield* this.#framesOf(level).frame(alike(level, block => this.#levelFor(block)))
      } while (!next.done)
    } finally {
      await blocks.return()
    }
  }

  #framesOf(level: number): Frames {
    if (this.#frames?.usable && this.#frames.level === level) return this.#frames
    this.#frames?.close()
    this.#frames = new Frames(level)
    return this.#frames
  }

  #levelFor(block: Uint8Array): number {
    if (this.#given !== undefined) return this.#given
    if (this.#sinceSample >= sampleReach && block.length >= leastSample) {
      this.#level = levelAfter(block)
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

/**
 * Small chunks are gathered, so that each trip to the pool is worth it. The first block is the one to take a sample of: shorter than the first buffer only if that is all
 * there is. A block stays what it is while the next one is made, and no longer.
 */
async function* gather(
  plain: AsyncIterable<Uint8Array>,
  buffers: Buffer[],
): AsyncGenerator<Uint8Array, void, undefined> {
  let [buffer, other] = buffers as [Buffer, Buffer]
  let enough = buffer.length
  let filled = 0
  for await (const chunk of plain) {
    for (let at = 0; at < chunk.length; ) {
      const take = Math.min(enough - filled, chunk.length - at)
      buffer.set(chunk.subarray(at, at + take), filled)
      filled += take
      at += take
      if (filled < enough) continue
      yield buffer.subarray(0, filled)
      ;[buffer, other] = [other, buffer]
      filled = 0
      enough = blockSize
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled)
}
