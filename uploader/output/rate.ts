/** How fast something moves, in bytes per second: now, and as far as what is left goes by it. A backup's phases differ, so each has its own. */
export class Rate {
  readonly #now: () => number
  #label = ''
  #begun = 0
  #last: { at: number; done: number } | undefined
  #recent = 0
  #lasting = 0

  /** @param now milliseconds of any steady clock */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Of the last ten seconds or so; 0 as long as nothing is known. */
  get perSecond(): number {
    return this.#recent
  }

  /**
   * How long so many bytes more will take, in seconds; `Infinity` as long as nothing is known. It goes by the last half of the time so
   * far: ten seconds in which a machine was busy with something else say little about hours.
   */
  secondsFor(bytes: number): number {
    return bytes / this.#lasting
  }

  /** @param label what moves; another one is measured anew */
  measure(label: string, done: number): void {
    const at = this.#now()
    if (this.#last === undefined || label !== this.#label) {
      this.#label = label
      this.#begun = at
      this.#last = { at, done }
      this.#recent = 0
      this.#lasting = 0
      return
    }
    const seconds = (at - this.#last.at) / 1000
    if (seconds < 0.5) return
    const current = Math.max(0, done - this.#last.done) / seconds
    const elapsed = (at - this.#begun) / 1000
    // As long as that is all that has passed, both are the mean of it.
    const towards = (rate: number, memory: number) =>
      rate + (current - rate) * Math.min(1, seconds / Math.min(memory, elapsed))
    this.#recent = towards(this.#recent, 10)
    this.#lasting = towards(this.#lasting, Math.max(10, elapsed / 2))
    this.#last = { at, done }
  }
}
