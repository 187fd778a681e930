import type { Clock } from './clock.ts'

/** The upload rate of the last minutes, from which the size of a window follows. */
export class Rate {
  readonly #clock: Clock
  #since: number
  #bytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#since = clock.elapsed()
  }

  add(bytes: number): void {
    const now = this.#clock.elapsed()
    this.#bytes += bytes
    // Older bytes count for less and less.
    if (now - this.#since > 120_000) {
      this.#bytes /= 2
      this.#since += (now - this.#since) / 2
    }
  }

  /** Bytes per second, or undefined before anything was measured. */
  get perSecond(): number | undefined {
    const seconds = (this.#clock.elapsed() - this.#since) / 1000
    return this.#bytes === 0 || seconds <= 0 ? undefined : this.#bytes / seconds
  }
}
