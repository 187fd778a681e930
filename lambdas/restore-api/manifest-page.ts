import type { RestoreManifestResponse } from '../../shared/api/restore.ts'
import type { SnapshotId } from '../../shared/ids.ts'
import { findManifest } from '../catalogue/commits.ts'
import { chunkLength, findChunk, type RestoreManifest } from '../catalogue/restore-manifests.ts'
import { findSnapshot } from '../catalogue/snapshots.ts'
import type { Source } from '../catalogue/sources.ts'
import type { RestoreApiPorts } from './ports.ts'

/** An answer of a function has 6 MB at most, and a manifest 64 KB. */
const pageBytes = 3_000_000

/** One page of a restore manifest, from the `offset`th snapshot on. */
export async function pageOf(
  { catalogue, env }: RestoreApiPorts,
  manifest: RestoreManifest,
  source: Source,
  offset: number,
): Promise<RestoreManifestResponse> {
  const chunk = await findChunk(catalogue, manifest.id, Math.floor(offset / chunkLength))
  const ids = chunk?.snapshots.slice(offset % chunkLength) ?? []
  const snapshots: RestoreManifestResponse['snapshots'] = []
  let bytes = 0
  for (let i = 0; i < ids.length && bytes < pageBytes; i += 10) {
    const entries = await Promise.all(ids.slice(i, i + 10).map(entryOf))
    bytes += entries.reduce((sum, entry) => sum + entry.manifest.length, 0)
    snapshots.push(...entries)
  }
  const next = offset + snapshots.length
  return {
    id: manifest.id,
    source: manifest.source,
    sourceName: source.name,
    engine: source.engine,
    at: manifest.at,
    expiresAt: manifest.expiresAt,
    snapshots,
    bytes: manifest.bytes,
    egressCost: { amount: Math.ceil((manifest.bytes / 1e9) * env.EGRESS_PRICE_PER_GB * 100) / 100, currency: 'USD' },
    next: next < manifest.count ? String(next) : null,
  }

  async function entryOf(id: SnapshotId) {
    const [snapshot, stored] = await Promise.all([findSnapshot(catalogue, id), findManifest(catalogue, id)])
    if (snapshot?.state !== 'committed' || !stored) throw new Error(`committed snapshot ${id} has lost its manifest`)
    return {
      snapshot: id,
      receivedAt: snapshot.receivedAt,
      manifest: stored.manifest,
      agent: stored.agent,
      agentKey: stored.agentKey,
      certificate: stored.certificate,
    }
  }
}
