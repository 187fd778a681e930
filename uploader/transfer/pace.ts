import type { Clock } from './clock.ts'
import type { PutPart } from './put-part.ts'

/** Fewer bytes tell more about the first round trip than about the line. */
const enough = 16 * 1024 * 1024

/** Measures how fast parts go out while any part does: the time in which the source had nothing to send does not count. */
export class Pace {
  readonly #clock: Clock
  #bytes = 0
  #busy = 0
  #active = 0
  #since = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The same, measured. */
  of(put: PutPart): PutPart {
    return async (part, ...rest) => {
      if (this.#active++ === 0) this.#since = this.#clock.elapsed()
      try {
        await put(part, ...rest)
        this.#bytes += part.size
      } finally {
        if (--this.#active === 0) this.#busy += this.#clock.elapsed() - this.#since
      }
    }
  }

  /** Bytes per second that arrived, or undefined where too little was sent. */
  get perSecond(): number | undefined {
    return this.#bytes < enough || this.#busy <= 0 ? undefined : this.#bytes / (this.#busy / 1000)
  }
}
