import { type SnapshotId, sourceOf, type TenantId, ulidOf } from '../../shared/ids.ts'

/** Where a snapshot's objects lie: `<tenant>/<source>/<snapshot>`. */
export interface Place {
  tenant: TenantId
  snapshot: SnapshotId
}

export function packKey(place: Place, n: number): string {
  return `packs/${folderOf(place)}/${String(n).padStart(4, '0')}.pack`
}

export type MetaName = 'manifest.jws' | 'units.jsonl' | 'commit.json'

export function metaKey(place: Place, name: MetaName): string {
  return `meta/${folderOf(place)}/${name}`
}

function folderOf({ tenant, snapshot }: Place): string {
  return `${tenant}/${sourceOf(snapshot)}/${ulidOf(snapshot)}`
}
