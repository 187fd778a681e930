import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib'
import { releaseOutput, streamOptions, told } from './zlib.ts'

/**
 * Frame after frame from one zstd stream. Making a stream costs more than compressing a small artefact, and each is megabytes outside the heap,
 * which send the garbage collector looking for more.
 */
export class Frames {
  readonly level: number
  readonly #zlib: ZstdCompress
  #wake = () => {}

  constructor(level: number) {
    this.level = level
    this.#zlib = createZstdCompress({ ...streamOptions, params: { [constants.ZSTD_c_compressionLevel]: level } })
    this.#zlib.on('readable', () => this.#wake())
    // Told by `frame`, to whoever reads one.
    this.#zlib.on('error', () => this.#wake())
  }

  /** Whether another frame can follow: not after one that was not finished. */
  get usable(): boolean {
    return !this.#zlib.destroyed
  }

  /**
   * One frame of `input`, never two at once. The next chunk of `input` is asked for when zstd is done with the one before; a chunk of the
   * result is valid until the next is asked for. An error of `input` comes out here.
   */
  async *frame(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    const zlib = this.#zlib
    let fed = false
    let whole = false
    const feed = async () => {
      for await (const chunk of input) {
        if (zlib.destroyed) return
        await told(done => zlib.write(chunk, done))
      }
      await told(done => zlib.flush(constants.ZSTD_e_end, done))
      fed = true
      this.#wake()
    }
    // Destroyed with the error, the stream throws it below. Where the reader went away instead, nobody is left to tell.
    feed().catch(error => zlib.destroy(error))
    try {
      for (;;) {
        const chunk: Buffer | null = zlib.read()
        if (chunk !== null) {
          yield chunk
          releaseOutput(chunk)
        } else if (zlib.errored) throw zlib.errored
        else if (fed) break
        else
          await new Promise<void>(resolve => {
            this.#wake = resolve
          })
      }
      whole = true
    } finally {
      if (!whole) this.close()
    }
  }

  close(): void {
    this.#zlib.destroy()
  }
}
