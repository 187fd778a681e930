import type { ZstdCompress, ZstdDecompress } from 'node:zlib'
import { release } from './release.ts'

const usualOutput = 128 * 1024
/** Chunks and not bytes are counted, because a byte stream would join them by copying. */
const counted = { readableObjectMode: true, readableHighWaterMark: 4 }
type StreamOptions = typeof counted & { chunkSize: number }

/**
 * A stream of zlib's that one content after the other is put through, never two at once. Making one costs more than a small artefact's work does, and each
 * is megabytes outside the heap, which send the garbage collector looking for more.
 */
export class Passage<Zlib extends ZstdCompress | ZstdDecompress> {
  readonly #zlib: Zlib
  readonly #outputSize: number
  #wake = () => {}

  /** @param make makes the stream with these options. @param outputSize bytes of output that are made in one trip to the pool */
  constructor(make: (options: StreamOptions) => Zlib, outputSize = usualOutput) {
    const zlib = make({ ...counted, chunkSize: outputSize })
    this.#zlib = zlib
    this.#outputSize = outputSize
    zlib.on('readable', () => this.#wake())
    // Told by `through`, to whoever reads.
    zlib.on('error', () => this.#wake())
  }

  /** Whether something else can be put through: not after what was not finished. */
  get usable(): boolean {
    return !this.#zlib.destroyed
  }

  /**
   * What comes out while `feed` puts something in, until `feed` is done. A chunk is valid until the next is asked for. An error of `feed` comes out here;
   * `feed` must stop once the stream is destroyed.
   */
  async *through(feed: (zlib: Zlib) => Promise<void>): AsyncGenerator<Uint8Array, void, undefined> {
    const zlib = this.#zlib
    let fed = false
    let whole = false
    // Destroyed with the error, the stream throws it below. Where the reader went away instead, nobody is left to tell.
    feed(zlib).then(
      () => {
        fed = true
        this.#wake()
      },
      error => zlib.destroy(error),
    )
    try {
      for (;;) {
        const chunk: Buffer | null = zlib.read()
        if (chunk !== null) {
          yield chunk
          releaseOutput(chunk, this.#outputSize)
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

/** zlib fills one buffer of `outputSize` slice by slice; with the last slice it has let go of it. */
function releaseOutput(chunk: Uint8Array, outputSize: number): void {
  if (chunk.byteOffset + chunk.byteLength === outputSize && chunk.buffer.byteLength === outputSize)
    release(new Uint8Array(chunk.buffer))
}

/** A call that tells by a callback how it went. */
export function told(call: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call(error => (error ? reject(error) : resolve())))
}
