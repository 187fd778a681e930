import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '../../shared/failure.ts'
import { holdName } from '../files/hold-name.ts'

const pause = 100
/** As long as a request may take, with its retries. */
const longest = 120_000

/**
 * Does `work` while nobody else changes the state in `directory`. Whoever changes it reads it anew inside.
 * @throws Failure `state-held` when another process does not let go of it
 */
export async function holdingState<T>(directory: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const place = await realpath(directory)
  const name = `state-${createHash('sha256').update(place).digest('hex').slice(0, 32)}`
  for (let waited = 0; waited <= longest; waited += pause) {
    const held = await holdName(name)
    if (!held) {
      await delay(pause, undefined, { signal })
      continue
    }
    try {
      return await work()
    } finally {
      await held.release()
    }
  }
  throw new Failure('state-held', `Another failsafe on this machine is changing the state in ${directory}`, {
    why: `it has not finished within ${longest / 1000} seconds`,
    fix: 'Wait until it has ended, and try again',
    retriable: true,
  })
}
