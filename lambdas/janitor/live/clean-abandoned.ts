import { findManifest } from '../../catalogue/commits.ts'
import { endAbandoned, removeContent } from '../../catalogue/removal.ts'
import type { SnapshotIn } from '../../catalogue/snapshots.ts'
import type { JanitorPorts, Remaining } from '../ports.ts'
import { removeMeta } from '../remove-meta.ts'
import { removePacks } from '../remove-packs.ts'

/** Longer than any request or presigned URL of it lives on. */
const settled = 20 * 60_000

/**
 * Takes away what an abandoned snapshot left in the vault. Nothing of it was ever shown to anybody.
 * @param due when it was abandoned, or when an earlier attempt wanted another
 */
export async function cleanAbandoned(
  ports: JanitorPorts,
  snapshot: SnapshotIn<'abandoned'>,
  due: Date,
  remaining: Remaining,
): Promise<void> {
  const { catalogue, clock } = ports
  if (clock().getTime() - due.getTime() < settled) return // it stays due
  // only a commit that began writes under meta/
  if (await findManifest(catalogue, snapshot.snapshot)) await removeMeta(ports, snapshot)
  await removePacks(ports, snapshot, remaining)
  await removeContent(catalogue, snapshot.snapshot)
  await endAbandoned(catalogue, snapshot, clock())
}
