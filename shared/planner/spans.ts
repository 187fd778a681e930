/** A part of a log stream that is covered without a gap. */
export interface Span {
  from: string
  to: string
}

/** What logs cover of one stream: disjoint spans in order. Two that touch are one. */
export class Spans {
  readonly #spans: Span[] = []

  add(from: string, to: string): void {
    const first = this.#firstEndingAt(from)
    let end = first
    const added = { from, to }
    for (let span = this.#spans[end]; span && span.from <= to; span = this.#spans[++end]) {
      if (span.from < added.from) added.from = span.from
      if (span.to > added.to) added.to = span.to
    }
    this.#spans.splice(first, end - first, added)
  }

  /** The span that a position lies in, its ends included. */
  at(position: string): Span | undefined {
    const span = this.#spans[this.#firstEndingAt(position)]
    return span && span.from <= position ? span : undefined
  }

  /** Index of the first span that ends at or after a position. */
  #firstEndingAt(position: string): number {
    let low = 0
    let high = this.#spans.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#spans[middle]!.to < position) low = middle + 1
      else high = middle
    }
    return low
  }
}
