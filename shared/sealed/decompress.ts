import { constants, createZstdDecompress, type ZstdDecompress } from 'node:zlib'
import { Failure, messageOf } from '../failure.ts'
import { damaged } from './damaged.ts'
import { Passage, told } from './zlib.ts'

/** Decompresses one stream after the other in the same memory, never two at once. */
export class Decompressor {
  #passage: Passage<ZstdDecompress> | undefined

  /** The plain bytes of one zstd frame after another, each chunk valid until the next is asked for. @throws Failure `sealed-damaged` */
  async *decompress(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    const input = compressed[Symbol.asyncIterator]()
    try {
      let chunk = await next(input)
      if (!chunk) throw damaged('it is empty')
      while (chunk) chunk = yield* this.#from(chunk, input)
    } catch (error) {
      throw error instanceof Failure ? error : damaged(`it does not decompress (${messageOf(error)})`, error)
    } finally {
      await input.return?.()
    }
  }

  /**
   * Node's stream ends with a frame that is followed by another in the same chunk (the programs do not): the rest goes through another one.
   * The next chunk of `input` is asked for when zstd is done with the one before.
   * @param first comes before `input`
   * @returns what is left of the last chunk where the stream ended before it did
   */
  async *#from(
    first: Uint8Array,
    input: AsyncIterator<Uint8Array>,
  ): AsyncGenerator<Uint8Array, Uint8Array | undefined, undefined> {
    if (!this.#passage?.usable) this.#passage = new Passage(createZstdDecompress)
    let rest: Uint8Array | undefined
    yield* this.#passage.through(async zstd => {
      let offered = zstd.bytesWritten
      for (let chunk: Uint8Array | undefined = first; chunk && !zstd.destroyed; chunk = await next(input)) {
        const piece = chunk
        offered += piece.length
        await told(done => zstd.write(piece, done))
        const left = offered - zstd.bytesWritten
        if (left === 0) continue
        rest = piece.subarray(piece.length - left)
        return
      }
      // Complains of half a frame, and is nothing to a whole one.
      if (!zstd.destroyed) await told(done => zstd.flush(constants.ZSTD_e_end, done))
    })
    if (rest) this.close()
    return rest
  }

  close(): void {
    this.#passage?.close()
    this.#passage = undefined
  }
}

async function next(input: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  const { done, value } = await input.next()
  return done ? undefined : value
}
