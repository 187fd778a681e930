import { readdirSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/**
 * Lets everything else on this machine have the processor first, also what this process starts. It is never made less polite than it was begun.
 * @param level as `nice` counts: 19 is the most polite
 */
export function beNice(level: number): void {
  for (const id of threads()) if (getPriority(id) < level) setPriority(id, level)
}

/** On Linux a priority belongs to a thread, and some are there already: those that read, write and compress. 0 is this process. */
function threads(): number[] {
  return process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [0]
}
