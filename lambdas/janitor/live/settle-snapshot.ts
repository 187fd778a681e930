import type { SnapshotId } from '../../../shared/ids.ts'
import { postponeLive } from '../../catalogue/removal.ts'
import { findSnapshot, type Snapshot } from '../../catalogue/snapshots.ts'
import { Unfinished } from '../../commit/limits.ts'
import { VersionLocked } from '../../vault/delete-version.ts'
import type { JanitorPorts, Remaining } from '../ports.ts'
import { cleanAbandoned } from './clean-abandoned.ts'
import { cleanStrays } from './clean-strays.ts'
import { finishCommitting } from './finish-committing.ts'
import { giveUpOpen } from './give-up-open.ts'

const hour = 3_600_000

/**
 * Does what a snapshot of the queue `LIVE` is waiting for. Never throws: what fails is logged and tried again in an hour.
 *
 *   open ──7 days without a word from its agent──▶ abandoned ──20 minutes──▶ (uploads and packs gone) ──30 days──▶ (item gone)
 *   committing ──▶ committed ──packs that its manifest does not name──▶ (gone)
 */
export async function settleSnapshot(
  ports: JanitorPorts,
  { snapshot: id, due }: { snapshot: SnapshotId; due: Date },
  remaining: Remaining,
): Promise<void> {
  const { catalogue, clock, log } = ports
  let snapshot: Snapshot | undefined
  try {
    snapshot = await findSnapshot(catalogue, id)
    if (snapshot) await settle(ports, snapshot, due, remaining)
  } catch (error) {
    if (error instanceof Unfinished) return // it is due still, for the next invocation
    if (!(error instanceof VersionLocked)) log.failure(error)
    const later = error instanceof VersionLocked ? 24 * hour : hour
    if (snapshot)
      await postponeLive(catalogue, snapshot, new Date(clock().getTime() + later)).catch(error => log.failure(error))
  }
}

function settle(ports: JanitorPorts, snapshot: Snapshot, due: Date, remaining: Remaining): Promise<void> {
  switch (snapshot.state) {
    case 'open':
      return giveUpOpen(ports, snapshot)
    case 'committing':
      return finishCommitting(ports, snapshot, remaining)
    case 'abandoned':
      return cleanAbandoned(ports, snapshot, due, remaining)
    case 'committed':
    case 'tombstoned':
      return snapshot.strays ? cleanStrays(ports, snapshot, remaining) : Promise.resolve() // the index lags behind
  }
}
