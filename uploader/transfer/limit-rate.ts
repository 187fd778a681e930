import type { Clock } from './clock.ts'
import { type PutPart, pieceSize } from './put-part.ts'

/** What was not sent in so many milliseconds may be made up for; anything before that is over. */
const slack = 250
/** Every connection sends at least once in so many seconds: neither end may think that the other is gone. */
const longestPause = 5

/** A number of bytes per second that all share who send, in the order in which they come. */
export class RateLimit {
  readonly #clock: Clock
  readonly #perMillisecond: number
  /** When all that was booked has gone out at this rate. */
  #free: number

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#clock = clock
    this.#perMillisecond = bytesPerSecond / 1000
    this.#free = clock.elapsed()
  }

  /** Books bytes that have gone out, and waits until others may follow. */
  async after(bytes: number, signal: AbortSignal): Promise<void> {
    const wait = this.book(bytes)
    if (wait > 0) await this.#clock.sleep(wait, signal)
  }

  /** @returns milliseconds until others may follow */
  book(bytes: number): number {
    const now = this.#clock.elapsed()
    this.#free = Math.max(this.#free, now - slack) + bytes / this.#perMillisecond
    return this.#free - now
  }
}

/** Sends as `put` does, but with pauses between the pieces, so that all who share `limit` keep to it together. */
export function limitRate(put: PutPart, limit: RateLimit): PutPart {
  return async (part, target, signal, onBytes) => {
    await limit.after(0, signal)
    let before = 0
    await put(part, target, signal, async sent => {
      await onBytes(sent)
      const piece = sent - before
      before = sent
      // The answer to the last piece shall not find us asleep: the next part waits instead.
      if (sent === part.size) limit.book(piece)
      else await limit.after(piece, signal)
    })
  }
}

/** How many connections share a rate without any of them falling silent. */
export function connectionsWithin(most: number, bytesPerSecond: number): number {
  return Math.max(1, Math.min(most, Math.floor((bytesPerSecond * longestPause) / pieceSize)))
}
