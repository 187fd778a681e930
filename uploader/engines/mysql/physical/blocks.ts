/** Larger than what a pipe hands over at once. */
const blockSize = 512 * 1024
/** One that somebody works on, one that is being filled, and what is full meanwhile. */
const blockCount = 5

/**
 * What a program writes, in blocks of one size but the last. It is read ahead as far as there are blocks, so that the program goes on while its reader
 * works, and no faster. Whoever fills them asks for `room`, puts at most `blockSize` there, and tells with `took`.
 */
export class Blocks {
  readonly #free = Array.from({ length: blockCount - 1 }, () => Buffer.allocUnsafeSlow(blockSize))
  readonly #full: Buffer<ArrayBuffer>[] = []
  readonly #resume: () => void
  #block = Buffer.allocUnsafeSlow(blockSize)
  #filled = 0
  #ended: { error?: Error } | undefined
  #wake = () => {}

  /** @param resume called when there is room again after `took` was answered with false */
  constructor(resume: () => void) {
    this.#resume = resume
  }

  /** Where the next bytes belong; never empty. */
  get room(): Buffer<ArrayBuffer> {
    return this.#block.subarray(this.#filled)
  }

  /** @returns whether as much as a block may follow; if not, nothing may until `resume` */
  took(size: number): boolean {
    this.#filled += size
    if (this.#filled === blockSize) {
      this.#full.push(this.#block)
      this.#block = this.#free.pop()!
      this.#filled = 0
      this.#wake()
    }
    return this.#free.length > 0
  }

  /** Nothing follows. @param error why what came is not all */
  end(error?: Error | null): void {
    this.#ended ??= error ? { error } : {}
    this.#wake()
  }

  /** Once. A block is valid until the next is asked for. */
  async *read(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const block = this.#full.shift()
      if (block) {
        yield block
        this.#free.push(block)
        if (this.#free.length === 1) this.#resume()
      } else if (this.#ended) break
      else
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
    }
    if (this.#ended.error) throw this.#ended.error
    if (this.#filled > 0) yield this.#block.subarray(0, this.#filled)
  }
}
