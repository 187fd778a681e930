import type { SnapshotId } from '../../shared/ids.ts'
import { inQueue } from './by-time.ts'

/** An open snapshot is given up that long after its agent's last contact. */
export const giveUpDays = 7
/** An agent asks for the end of its commit itself; after this the janitor does. */
const finishMinutes = 10
/** Longer than any call that still completes a pack, or URL that still takes a part, may live on. */
const strayMinutes = 20

/** Committed snapshots with packs that their manifest does not name wait for the same janitor as those that never were committed. */
type Waiting = 'open' | 'committing' | 'abandoned' | 'strays'

const minutes: Record<Waiting, number> = {
  open: giveUpDays * 24 * 60,
  committing: finishMinutes,
  abandoned: 0,
  strays: strayMinutes,
}

/** The place in the queue `LIVE` of a snapshot that came into this state at `since`. */
export function liveMark(snapshot: SnapshotId, state: Waiting, since: Date | string): { gpk: string; gsk: string } {
  return inQueue('LIVE', snapshot, new Date(new Date(since).getTime() + minutes[state] * 60_000))
}

/** The same as part of an update expression, with its values. */
export const setsLiveMark = '#gpk = :gpk, #gsk = :gsk'
export function liveValues(snapshot: SnapshotId, state: Waiting, since: Date | string) {
  const { gpk, gsk } = liveMark(snapshot, state, since)
  return { ':gpk': gpk, ':gsk': gsk }
}
