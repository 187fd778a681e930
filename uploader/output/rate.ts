/** How fast something moves now, in bytes per second: that of the last minute or so, because a backup's phases differ. */
export class RecentRate {
  readonly #now: () => number
  #label = ''
  #last: { at: number; done: number } | undefined
  #rate = 0

  /** @param now milliseconds of any steady clock */
  constructor(now: () => number) {
    this.#now = now
  }

  get perSecond(): number {
    return this.#rate
  }

  /** @param label what moves; another one is measured anew */
  measure(label: string, done: number): void {
    const at = this.#now()
    if (this.#last === undefined || label !== this.#label) {
      this.#label = label
      this.#last = { at, done }
      this.#rate = 0
      return
    }
    const seconds = (at - this.#last.at) / 1000
    if (seconds < 0.5) return
    const current = Math.max(0, done - this.#last.done) / seconds
    const weight = Math.min(1, seconds / 10)
    this.#rate = this.#rate === 0 ? current : this.#rate + (current - this.#rate) * weight
    this.#last = { at, done }
  }
}
