import { createZstdDecompress } from 'node:zlib'
import { Failure, messageOf } from '../failure.ts'
import { damaged } from './damaged.ts'
import { releaseOutput, streamOptions, told } from './zlib.ts'

/** The plain bytes of one zstd frame after another, each chunk valid until the next is asked for. @throws Failure `sealed-damaged` */
export async function* decompress(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const input = compressed[Symbol.asyncIterator]()
  try {
    let rest: Uint8Array | undefined
    do rest = yield* decompressFrom(rest, input)
    while (rest)
  } catch (error) {
    throw error instanceof Failure ? error : damaged(`it does not decompress (${messageOf(error)})`, error)
  } finally {
    await input.return?.()
  }
}

/**
 * Drives `input` through one zstd stream. Node's ends with a frame that is followed by another in the same chunk (the programs do not).
 * The next chunk of `input` is asked for when zstd is done with the one before.
 * @param first comes before `input`
 * @returns what is left of the last chunk where the stream ended before it did
 */
async function* decompressFrom(
  first: Uint8Array | undefined,
  input: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, Uint8Array | undefined, undefined> {
  const zstd = createZstdDecompress(streamOptions)
  const feed = async () => {
    let offered = 0
    let chunk = first ?? (await next(input))
    while (chunk && !zstd.destroyed) {
      const piece = chunk
      offered += piece.length
      await told(done => zstd.write(piece, done))
      const left = offered - zstd.bytesWritten
      if (left > 0) return piece.subarray(piece.length - left)
      chunk = await next(input)
    }
    zstd.end()
    return undefined
  }
  // Destroyed with the error, the stream throws it below. Where the reader went away instead, nobody is left to tell.
  const feeding = feed().catch(error => {
    zstd.destroy(error)
    return undefined
  })
  try {
    for await (const chunk of zstd as AsyncIterable<Buffer>) {
      yield chunk
      releaseOutput(chunk)
    }
    return await feeding
  } finally {
    zstd.destroy()
  }
}

async function next(input: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  const { done, value } = await input.next()
  return done ? undefined : value
}
