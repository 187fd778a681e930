import type { SnapshotId } from '../../../shared/ids.ts'
import { endStrays, postponeLive } from '../../catalogue/removal.ts'
import { findSnapshot, type Snapshot } from '../../catalogue/snapshots.ts'
import { findTenant } from '../../catalogue/tenants.ts'
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
 *   open ──7 days without a word from its agent, or 30 without a run──▶ abandoned ──20 minutes──▶ (uploads and packs gone) ──30 days──▶ (item gone)
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

async function settle(ports: JanitorPorts, snapshot: Snapshot, due: Date, remaining: Remaining): Promise<void> {
  const { catalogue } = ports
  switch (snapshot.state) {
    case 'open':
      return (await waitsForTenant(ports, snapshot)) ? undefined : giveUpOpen(ports, snapshot)
    case 'committing':
      return finishCommitting(ports, snapshot, remaining)
    case 'abandoned':
      return (await waitsForTenant(ports, snapshot)) ? undefined : cleanAbandoned(ports, snapshot, due, remaining)
    case 'committed':
    case 'tombstoned':
      if (!snapshot.strays) return endStrays(catalogue, snapshot) // the index lags behind, or another janitor put it off meanwhile
      return (await waitsForTenant(ports, snapshot)) ? undefined : cleanStrays(ports, snapshot, remaining)
  }
}

/** While a tenant is suspended nothing of it is removed. */
async function waitsForTenant({ catalogue, clock }: JanitorPorts, snapshot: Snapshot): Promise<boolean> {
  if ((await findTenant(catalogue, snapshot.tenant))?.state !== 'suspended') return false
  await postponeLive(catalogue, snapshot, new Date(clock().getTime() + 24 * hour))
  return true
}
