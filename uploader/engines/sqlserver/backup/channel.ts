/** What some workers make and others take, in the order in which it comes. */
export class Channel<T> {
  readonly #items: T[] = []
  #over: { error?: unknown } | undefined
  #wake = () => {}

  push(item: T): void {
    this.#items.push(item)
    this.#wake()
  }

  /** Nothing more comes. */
  end(): void {
    this.#over ??= {}
    this.#wake()
  }

  /** Whoever takes next is told, whatever lies here. */
  fail(error: unknown): void {
    this.#over ??= { error }
    this.#wake()
  }

  async *take(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      if (this.#over && 'error' in this.#over) throw this.#over.error
      const item = this.#items.shift()
      if (item !== undefined) yield item
      else if (this.#over) return
      else
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
    }
  }
}
