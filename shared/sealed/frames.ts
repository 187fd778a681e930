import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib'
import { Passage, told } from './zlib.ts'

export interface FrameOptions {
  /** How far back it looks, as a power of two of bytes; as far as the level does, where it is not given. */
  windowLog?: number
  /** Bytes of a chunk, at most. */
  outputSize?: number
}

/** Frame after frame from one zstd stream. */
export class Frames {
  readonly level: number
  readonly #passage: Passage<ZstdCompress>

  /** `before`, where frames can still follow there and it has this level; others in its place if not. */
  static from(before: Frames | undefined, level: number, options?: FrameOptions): Frames {
    if (before?.usable && before.level === level) return before
    before?.close()
    return new Frames(level, options)
  }

  constructor(level: number, { windowLog = 0, outputSize }: FrameOptions = {}) {
    this.level = level
    const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_windowLog]: windowLog }
    this.#passage = new Passage(options => createZstdCompress({ ...options, params }), outputSize)
  }

  /** Whether another frame can follow: not after one that was not finished. */
  get usable(): boolean {
    return this.#passage.usable
  }

  /**
   * One frame of `input`, never two at once. The next chunk of `input` is asked for when zstd is done with the one before; a chunk of the
   * result is valid until the next is asked for. An error of `input` comes out here.
   */
  frame(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#passage.through(async zlib => {
      for await (const chunk of input) {
        if (zlib.destroyed) return
        await told(done => zlib.write(chunk, done))
      }
      await told(done => zlib.flush(constants.ZSTD_e_end, done))
    })
  }

  close(): void {
    this.#passage.close()
  }
}
