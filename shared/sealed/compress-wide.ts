import { ahead } from '../ahead.ts'
import { Frames } from './frames.ts'
import { gather } from './gather.ts'
import { Level } from './level.ts'

/** Blocks that are compressed at once. */
const lanes = 2
/** Of a block, which is a frame of its own, and so finds nothing alike in what came before it: 0.3 % of a server's data files. */
const blockSize = 1024 * 1024
/** How far back it looks within one, as a power of two of bytes: half of it costs next to nothing, and each doubling megabytes of memory. */
const windowLog = 19

/**
 * Compresses one stream with several threads, for one that comes faster than one thread compresses and is all there is to do: frame after frame, each of
 * one block. The result is larger than `Compressor`'s where what is alike lies far apart, which in pages of a database it does not.
 */
export class WideCompressor {
  readonly #level: Level
  /** One for each lane, one that waits for its turn, and one that is filled. */
  readonly #buffers = Array.from({ length: lanes + 2 }, () => Buffer.allocUnsafeSlow(blockSize))
  readonly #lanes = Array.from({ length: lanes }, () => new Lane())

  /** @param level where it is not given: as `Level` chooses */
  constructor(level?: number) {
    this.#level = new Level(level)
  }

  /** Of one stream after the other, never two at once. What it yields is valid until the next is asked for, and so may be what `plain` yields. */
  async *compress(plain: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    const blocks = ahead(gather(plain, this.#buffers))
    const frames: Promise<Uint8Array>[] = []
    const begin = (block: Uint8Array, turn: number) => {
      const frame = this.#lanes[turn % lanes]!.frame(block, this.#level.for(block))
      // Its error is thrown to who takes it, which may be later.
      frame.catch(() => {})
      frames.push(frame)
    }
    try {
      let turn = 0
      for await (const block of blocks) {
        if (frames.length === lanes) yield await frames.shift()!
        begin(block, turn++)
      }
      if (turn === 0) begin(nothing, turn)
      while (frames.length > 0) yield await frames.shift()!
    } finally {
      await blocks.return()
      await Promise.allSettled(frames)
    }
  }
}

/** One frame after the other, each gathered in the same memory. One trip to the pool makes a whole frame: for each more it would wait for the thread that encrypts. */
class Lane {
  readonly #out = Buffer.allocUnsafeSlow(boundOf(blockSize))
  #frames: Frames | undefined

  /** Valid until the next is asked for. */
  async frame(block: Uint8Array, level: number): Promise<Uint8Array> {
    this.#frames = Frames.from(this.#frames, level, { windowLog, outputSize: this.#out.length })
    let used = 0
    for await (const chunk of this.#frames.frame(once(block))) {
      this.#out.set(chunk, used)
      used += chunk.length
    }
    return this.#out.subarray(0, used)
  }
}

const nothing = new Uint8Array(0)

/** Of a frame, at most (ZSTD_COMPRESSBOUND, and an empty frame that Node may put behind it). */
function boundOf(size: number): number {
  return size + (size >> 8) + 1024
}

async function* once(block: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield block
}
