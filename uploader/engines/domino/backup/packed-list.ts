import { packText, unpackText } from '../../../files/pack-text.ts'

const blockSize = 64 * 1024

/** Many small records in little memory, in the order in which they came: as JSON, packed a block at a time. */
export class PackedList<T> {
  readonly #blocks: Buffer[] = []
  #last: string[] = []
  #size = 0

  add(record: T): void {
    const line = JSON.stringify(record)
    this.#last.push(line)
    this.#size += line.length
    if (this.#size < blockSize) return
    this.#blocks.push(packText(this.#last.join('\n')))
    this.#last = []
    this.#size = 0
  }

  /** Once the last one was added. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (const block of this.#blocks) for (const line of unpackText(block).split('\n')) yield JSON.parse(line)
    for (const line of this.#last) yield JSON.parse(line)
  }
}
