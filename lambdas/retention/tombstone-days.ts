import type { Stored } from './source-history.ts'

/** A tombstoned snapshot comes back as it was, if policy keeps it again within this time. */
export const tombstoneDays = 7

/** The moment (milliseconds of the epoch) from which on a snapshot that is not kept may be deleted: tombstone and lock are both over. */
export function deletableFrom(snapshot: Stored, now: Date): number {
  const since = snapshot.state === 'tombstoned' ? Date.parse(snapshot.tombstonedAt) : now.getTime()
  return Math.max(since + tombstoneDays * 86_400_000, Date.parse(snapshot.lockedUntil))
}
