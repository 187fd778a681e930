import { findManifest } from '../../catalogue/commits.ts'
import { endStrays } from '../../catalogue/removal.ts'
import type { SnapshotIn } from '../../catalogue/snapshots.ts'
import { checkedManifest } from '../../commit/check-manifest.ts'
import type { JanitorPorts, Remaining } from '../ports.ts'
import { removePacks } from '../remove-packs.ts'

/** Takes away the packs of a committed snapshot that its manifest does not name. It numbers those it names from 1 on without a gap. */
export async function cleanStrays(
  ports: JanitorPorts,
  snapshot: SnapshotIn<'committed' | 'tombstoned'>,
  remaining: Remaining,
): Promise<void> {
  const stored = await findManifest(ports.catalogue, snapshot.snapshot)
  if (!stored) throw new Error(`snapshot ${snapshot.snapshot} has lost its manifest`)
  const { packs } = await checkedManifest(stored.manifest, snapshot, stored.agentKey)
  await removePacks(ports, snapshot, remaining, packs.length + 1)
  await endStrays(ports.catalogue, snapshot)
}
