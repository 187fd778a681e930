import { Failure, messageOf } from '../../shared/failure.ts'
import type { Clock } from './clock.ts'

const hour = 60 * 60 * 1000

/**
 * How long to go on trying. What counts is not the time that one thing takes but the time in which nothing at all got any further: a slow line
 * that moves is fine, a dead one ends the run.
 */
export class Patience {
  readonly #clock: Clock
  readonly #limit: number
  #moved: number

  constructor(clock: Clock, limit = hour) {
    this.#clock = clock
    this.#limit = limit
    this.#moved = clock.elapsed()
  }

  /** Something got further. */
  moved(): void {
    this.#moved = this.#clock.elapsed()
  }

  /**
   * Waits before try number `attempt` + 1: twice as long each time, half a minute at most, never two clients in step.
   * @param since when this piece of work was begun, as `elapsed` told it: time before it does not count
   * @param least milliseconds that the other side asked to wait
   * @throws Failure `upload-failed` when patience has run out
   */
  async pause(attempt: number, since: number, cause: unknown, signal: AbortSignal, least = 0): Promise<void> {
    const idle = this.#clock.elapsed() - Math.max(this.#moved, since)
    if (idle > this.#limit)
      throw new Failure('upload-failed', `Nothing could be uploaded for ${Math.round(this.#limit / 60_000)} minutes`, {
        why: messageOf(cause),
        fix: 'See that this machine reaches the receiver and its storage, and run the backup again',
        retriable: true,
        cause,
      })
    const longest = Math.min(30_000, 250 * 2 ** Math.min(attempt, 10))
    await this.#clock.sleep(Math.max(least, longest * (0.5 + this.#clock.random() / 2)), signal)
  }
}

/** Does `work` until it succeeds, fails for good or patience runs out. */
export async function persist<T>(
  work: () => Promise<T>,
  { patience, clock, signal }: { patience: Patience; clock: Clock; signal: AbortSignal },
): Promise<T> {
  const since = clock.elapsed()
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    try {
      const result = await work()
      patience.moved()
      return result
    } catch (error) {
      if (!(error instanceof Failure) || !error.retriable) throw error
      await patience.pause(attempt, since, error, signal)
    }
  }
}
