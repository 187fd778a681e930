import { setTimeout } from 'node:timers/promises'
import { Failure, messageOf } from '../../../../shared/failure.ts'

const attempts = 5
const held = new Set(['EBUSY', 'EPERM', 'EACCES'])

/** Whether an error says that another program has a log open, or had it for too long. */
export function isHeld(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException
  return held.has(code) || code === 'exchange-log-held'
}

/**
 * Exchange may have a log that it has just closed open for a moment.
 * @throws Failure `exchange-log-held`, after five times two seconds; what else `work` throws
 */
export async function whenFree<T>(work: () => Promise<T>, path: string, signal: AbortSignal, pause = 2000): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined || !held.has(code)) throw error
      if (attempt === attempts)
        throw new Failure('exchange-log-held', `The log ${path} cannot be read`, {
          why: `${messageOf(error)}, and it stayed so`,
          fix: 'See that no virus scanner or other backup holds it (Microsoft lists the folders to exclude), and that failsafe runs as an administrator',
          retriable: true,
          cause: error,
        })
      await setTimeout(pause, undefined, { signal })
    }
  }
}
