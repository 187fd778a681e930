import type { RestoreManifestResponse } from '../../shared/api/restore.ts'
import { StoredManifest } from '../catalogue/commits.ts'
import { manifestKey } from '../catalogue/keys.ts'
import { type RestoreManifest, type RestoreStep, stepsFrom } from '../catalogue/restore-manifests.ts'
import type { Source } from '../catalogue/sources.ts'
import { readMany } from '../catalogue/table.ts'
import { escapedBytes } from '../http/escaped.ts'
import { egressCost } from './egress-cost.ts'
import type { RestoreApiPorts } from './ports.ts'
import { snapshotRemoved } from './removed.ts'

/** An answer of a function has 6 MB at most. A manifest has 64 KB, and the line of a key that was changed a hundred times as much again. */
const pageBytes = 3_000_000
/** Manifests read with one request. */
const batch = 25

/** With the snapshot that it belongs to: items are read many at a time, in no order. */
const Item = StoredManifest.extend({ PK: StoredManifest.shape.manifest })

/** One page of a restore manifest, from the `offset`th snapshot on. */
export async function pageOf(
  { catalogue, env }: RestoreApiPorts,
  manifest: RestoreManifest,
  source: Source,
  offset: number,
): Promise<RestoreManifestResponse> {
  const steps = await stepsFrom(catalogue, manifest.id, offset)
  const snapshots: RestoreManifestResponse['snapshots'] = []
  let bytes = 0
  for (let i = 0; i < steps.length && bytes < pageBytes; i += batch)
    for (const entry of await entriesOf(steps.slice(i, i + batch))) {
      if (bytes >= pageBytes) break
      bytes += escapedBytes(entry)
      snapshots.push(entry)
    }
  const shown = steps.slice(0, snapshots.length)
  const next = offset + snapshots.length
  return {
    id: manifest.id,
    source: manifest.source,
    sourceName: source.name,
    engine: source.engine,
    at: manifest.at,
    of: manifest.of,
    units: manifest.units,
    expiresAt: manifest.expiresAt,
    doubtful: shown.filter(({ doubtful }) => doubtful).map(({ snapshot }) => snapshot),
    snapshots,
    bytes: manifest.bytes,
    egressCost: egressCost(manifest.bytes, env),
    next: next < manifest.count ? String(next) : null,
  }

  async function entriesOf(steps: RestoreStep[]) {
    const keys = steps.map(({ snapshot }) => manifestKey(snapshot))
    const items = new Map((await readMany(catalogue, Item, keys)).map(item => [item.PK, item]))
    return steps.map(({ snapshot, receivedAt }, i) => {
      const stored = items.get(keys[i]!.PK)
      if (!stored) throw snapshotRemoved(snapshot)
      const { manifest, agent, agentKey, certificate, succession } = stored
      return { snapshot, receivedAt, manifest, agent, agentKey, certificate, succession }
    })
  }
}
