import { escapedBytes } from './escaped.ts'

/** A function's answer has 6 MB at most; two pages fit into one. */
const pageBytes = 2_000_000

/** What of a list goes into one answer: it ends before it is too long, and has one item at least. */
export class Page<T> {
  readonly items: T[] = []
  #bytes = 0

  /** @returns false when there is no room for it: the page is over */
  add(item: T): boolean {
    this.#bytes += escapedBytes(item)
    if (this.items.length > 0 && this.#bytes > pageBytes) return false
    this.items.push(item)
    return true
  }

  get last(): T | undefined {
    return this.items.at(-1)
  }
}
