import { ahead } from '../ahead.ts'
import { Frames } from './frames.ts'
import { gather } from './gather.ts'
import { Level, sampleSize } from './level.ts'

const blockSize = 128 * 1024

/** Compresses one stream after the other in the same memory, never two at once. */
export class Compressor {
  readonly #level: Level
  /** One is compressed while the other is filled. The first block is the one to take a sample of. */
  readonly #buffers = [Buffer.allocUnsafeSlow(sampleSize), Buffer.allocUnsafeSlow(blockSize)]
  #frames: Frames | undefined

  /** @param level where it is not given: as `Level` chooses */
  constructor(level?: number) {
    this.#level = new Level(level)
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
      const levelFor = (block: Uint8Array) => this.#level.for(block)
      do {
        const level = levelFor(next.done ? nothing : next.value)
        this.#frames = Frames.from(this.#frames, level)
        yield* this.#frames.frame(alike(level, levelFor))
      } while (!next.done)
    } finally {
      await blocks.return()
    }
  }
}

const nothing = new Uint8Array(0)
