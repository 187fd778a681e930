import { isKept } from '../../shared/retention-plan.ts'
import { removeContent } from '../catalogue/removal.ts'
import { beginDeletion, endDeletion, recordLockedUntil } from '../catalogue/tombstones.ts'
import { forEach } from '../commit/limits.ts'
import type { Judgement } from '../retention/judge-source.ts'
import { findStored, type Stored } from '../retention/source-history.ts'
import { deletableFrom } from '../retention/tombstone-days.ts'
import { VersionLocked } from '../vault/delete-version.ts'
import type { JanitorPorts, Remaining } from './ports.ts'
import { removeMeta } from './remove-meta.ts'
import { removePacks } from './remove-packs.ts'

/**
 * Deletes by version what was tombstoned before this pass, is not kept, and whose tombstone and lock are over. What has begun to go goes on.
 * Where a lock holds longer than the catalogue knows (an extension that was broken off, or one by hand), the snapshot waits for its end: S3 has
 * the last word.
 * @throws VersionLocked where something else than a lock holds a version
 */
export async function deleteExpired(
  ports: JanitorPorts,
  { history, verdicts }: Judgement,
  now: Date,
  remaining: Remaining,
): Promise<void> {
  const { clock } = ports
  const kept = new Set(verdicts.filter(isKept).map(({ snapshot }) => snapshot))
  const expired = [...history.stored.values()].filter(
    held => held.tombstonedAt !== undefined && !kept.has(held.snapshot) && deletableFrom(held, now) <= now.getTime(),
  )
  await forEach(expired, { clock, deadline: clock().getTime() + remaining() }, async held => {
    const snapshot = await findStored(ports.catalogue, held)
    if (!snapshot) return
    await deleteSnapshot(ports, snapshot, now, remaining).catch(error => waitForLock(ports, snapshot, error))
  })
}

/** @throws `error`, if there is no lock to wait for */
async function waitForLock({ catalogue, clock }: JanitorPorts, snapshot: Stored, error: unknown): Promise<void> {
  if (!(error instanceof VersionLocked && error.until && error.until > clock())) throw error
  await recordLockedUntil(catalogue, snapshot, error.until)
}

/** A death after any step leaves something that the next pass goes on with; without the receipt nobody would take the rest for a snapshot. */
async function deleteSnapshot(ports: JanitorPorts, snapshot: Stored, now: Date, remaining: Remaining): Promise<void> {
  const { catalogue } = ports
  if (!(await beginDeletion(catalogue, snapshot, now))) return
  await removeMeta(ports, snapshot, snapshot.metaVersions)
  await removePacks(ports, snapshot, remaining)
  await removeContent(catalogue, snapshot.snapshot)
  await endDeletion(catalogue, snapshot, now)
}
