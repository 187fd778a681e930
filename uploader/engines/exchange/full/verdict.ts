import type { Ended } from '../shadow/diskshadow.ts'
import { wordsOf } from '../shadow/frozen.ts'

/** How the end of a backup went, for one that is staged whole. */
export interface EndOfBackup {
  /** Whether the hook was let go for certain. */
  hook: boolean
  ended: Ended
  /** How many databases were backed up that are in use here: of those Exchange notes it at once. */
  active: number
  /** Those of them of which Exchange noted no full backup. */
  unstamped: readonly string[]
  /** Passive copies: the replication service decides later, after all copies have the logs. */
  passive: readonly string[]
}

/** @returns whether logs were truncated, as far as is known, and what somebody should know */
export function judgeEnd({ hook, ended, active, unstamped, passive }: EndOfBackup): {
  advanced: boolean
  notes: string[]
} {
  const some = unstamped.length > 0
  const failed = ended.result !== undefined || !hook
  const waits =
    passive.length > 0 ? [`Passive copies (${passive.join(', ')}): logs are truncated when all copies have them`] : []
  if (!failed)
    return {
      advanced: true,
      notes: some
        ? [
            `Exchange noted no full backup of ${unstamped.join(', ')}: its logs were not truncated. If it stays so, look at the events 2006, 2007 and 225 of ESE`,
            ...waits,
          ]
        : waits,
    }
  const said = `diskshadow said: ${wordsOf(ended)}`
  if (some)
    return {
      advanced: unstamped.length < active,
      notes: [
        `The backup is whole, but was not ended as it should: Exchange truncated nothing of ${unstamped.join(', ')} (${said})`,
        ...waits,
      ],
    }
  if (active === 0)
    return {
      advanced: true,
      notes: [
        `The backup is whole, but something failed at its end, and of passive copies alone it is not seen whether Exchange was told of it (${said})`,
        ...waits,
      ],
    }
  return {
    advanced: true,
    notes: [
      hook
        ? `Exchange truncated its logs, and then something failed (${said})`
        : `Exchange noted a full backup that was not ours to end: another product takes backups too, or its end was not heard (${said}). Take a full backup next`,
      ...waits,
    ],
  }
}
