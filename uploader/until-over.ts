import { setTimeout } from 'node:timers/promises'

const poll = 250

/**
 * Waits for a program that outlives the process which started it. Not for ever: the number may be another program's by now.
 * @param limit milliseconds
 */
export async function untilOver(pid: number, limit: number, signal?: AbortSignal): Promise<void> {
  for (let waited = 0; isAlive(pid) && waited < limit; waited += poll) await setTimeout(poll, undefined, { signal })
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
