import { compositeChecksum, type Manifest } from '../../shared/manifest.ts'
import type { CompletePack } from '../catalogue/packs.ts'
import type { SnapshotIn } from '../catalogue/snapshots.ts'
import { packKey } from '../vault/keys.ts'
import { completePack } from './complete-pack.ts'
import { forEach } from './limits.ts'
import { packMismatch } from './mismatch.ts'
import type { CommitPorts } from './ports.ts'

/** Every pack is complete, and S3 itself says of its version what the manifest says. In order of `n`. */
export function verifyPacks(
  ports: CommitPorts,
  snapshot: SnapshotIn<'committing'>,
  { packs }: Manifest,
  deadline: number,
): Promise<CompletePack[]> {
  return forEach(packs, { clock: ports.clock, deadline }, async pack => {
    const complete = await completePack(ports, snapshot, pack)
    const stored = await ports.vault.head(packKey(snapshot, pack.n), complete.versionId)
    if (!stored) throw packMismatch(pack.n, 'its version is gone from the vault')
    if (stored.sha256 !== compositeChecksum(pack) || stored.size !== pack.size)
      throw packMismatch(pack.n, 'the vault holds other bytes')
    return complete
  })
}
