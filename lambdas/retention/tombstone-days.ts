import type { Held } from './source-history.ts'

/** A tombstoned snapshot comes back as it was, if policy keeps it again within this time. */
export const tombstoneDays = 7

/** The moment (milliseconds of the epoch) from which on a snapshot that is not kept may be deleted: tombstone and lock are both over. */
export function deletableFrom({ tombstonedAt, lockedUntil }: Held, now: Date): number {
  const since = tombstonedAt === undefined ? now.getTime() : Date.parse(tombstonedAt)
  return Math.max(since + tombstoneDays * 86_400_000, Date.parse(lockedUntil))
}
