import { promisify } from 'node:util'
import { constants, createZstdCompress, zstdCompress, zstdCompressSync } from 'node:zlib'
import { release } from './release.ts'
import { outputSize, readZlib, releaseOutput } from './zlib.ts'

const zstdCompressAsync = promisify(zstdCompress)
const sampleSize = 256 * 1024
/** Below this, a trip to another thread costs more than the work. */
const smallSize = 64 * 1024
const usualLevel = 3
const fastLevel = 1

export const newCompressBuffer = (): Buffer => Buffer.allocUnsafeSlow(sampleSize)

/**
 * One zstd frame of `plain`. What it yields is valid until the next is asked for, and so may be what `plain` yields. The work is done in libuv's pool.
 * @param level where it is not given: 3, or 1 where the first 256 KiB come out no larger with it or does not compress
 */
export async function* compress(
  plain: AsyncIterable<Uint8Array>,
  level?: number,
  buffer = newCompressBuffer(),
): AsyncGenerator<Uint8Array, void, undefined> {
  const blocks = gather(plain, buffer)
  try {
    const first = await blocks.next()
    if (first.done || first.value.length < sampleSize) {
      const all = first.done ? Buffer.alloc(0) : first.value
      const options = { params: params(level ?? usualLevel), pledgedSrcSize: all.length }
      if (all.length > smallSize) yield* readZlib(stream => createZstdCompress({ ...stream, ...options }), once(all))
      else {
        const compressed = zstdCompressSync(all, { ...options, chunkSize: outputSize })
        yield compressed
        releaseOutput(compressed)
      }
      return
    }
    const chosen = level ?? (await levelFor(first.value))
    const all = async function* () {
      yield first.value
      yield* blocks
    }
    yield* readZlib(stream => createZstdCompress({ ...stream, params: params(chosen) }), all())
  } finally {
    await blocks.return()
  }
}

const params = (level: number) => ({ [constants.ZSTD_c_compressionLevel]: level })

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield chunk
}

/**
 * The level for content that begins with `sample`. Higher is not always smaller: numbers and noise come out as small, or smaller, at
 * level 1, which takes half the time.
 */
async function levelFor(sample: Uint8Array): Promise<number> {
  const [usual, fast] = await Promise.all([compressedSize(sample, usualLevel), compressedSize(sample, fastLevel)])
  return fast <= usual || fast > 0.97 * sample.length ? fastLevel : usualLevel
}

async function compressedSize(sample: Uint8Array, level: number): Promise<number> {
  // Room for the whole result in one buffer, so that it can be given back.
  const options = { params: params(level), pledgedSrcSize: sample.length, chunkSize: 2 * sampleSize }
  const compressed = await zstdCompressAsync(sample, options)
  const size = compressed.length
  // A small result was copied into a pool that others use.
  if (compressed.buffer.byteLength === options.chunkSize) release(new Uint8Array(compressed.buffer))
  return size
}

/** Small chunks are gathered, so that each trip to the pool is worth it. The first block is the sample: shorter than `buffer` only if that is all there is. */
async function* gather(plain: AsyncIterable<Uint8Array>, buffer: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  let enough = buffer.length
  let filled = 0
  for await (const chunk of plain) {
    let at = 0
    while (at < chunk.length) {
      if (filled === 0 && enough < buffer.length && chunk.length - at >= enough) {
        yield at === 0 ? chunk : chunk.subarray(at)
        break
      }
      const take = Math.min(enough - filled, chunk.length - at)
      buffer.set(chunk.subarray(at, at + take), filled)
      filled += take
      at += take
      if (filled === enough) {
        yield buffer.subarray(0, filled)
        filled = 0
        enough = 128 * 1024
      }
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled)
}
