import { setTimeout } from 'node:timers/promises'

/** Time and chance, as arguments: a test brings its own. */
export interface Clock {
  now(): Date
  /** Milliseconds on a clock that nobody sets: how long things take is measured with this one. */
  elapsed(): number
  /** Rejects with the signal's reason when it is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
  /** From 0 to below 1. */
  random(): number
}

export const systemClock: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  async sleep(milliseconds, signal) {
    await setTimeout(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted())
  },
  random: Math.random,
}
