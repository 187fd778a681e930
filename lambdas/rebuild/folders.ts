import { type SnapshotId, SnapshotId as SnapshotIdSchema, TenantId } from '../../shared/ids.ts'
import type { VersionEntry } from '../vault/list-versions.ts'
import type { RebuildVault } from './ports.ts'

/** What lies together under `meta/`: a snapshot's objects, or what lies directly under a tenant. */
export interface Folder {
  tenant: TenantId
  /** Null for the tenant's own. */
  snapshot: SnapshotId | null
  /** By key, and of one key the newest first. */
  versions: VersionEntry[]
  /** The walk goes on behind it. */
  lastKey: string
}

/** Everything under `meta/` in the order of keys, lazily. @param after the last key of the folder to begin behind */
export async function* folders(vault: RebuildVault, after: string | undefined): AsyncGenerator<Folder> {
  let folder: Folder | undefined
  for await (const version of vault.listVersions('meta/', after)) {
    const place = placeOf(version.key)
    if (!place) continue // nothing that this receiver writes
    if (folder && (folder.tenant !== place.tenant || folder.snapshot !== place.snapshot)) {
      yield folder
      folder = undefined
    }
    folder ??= { ...place, versions: [], lastKey: version.key }
    folder.versions.push(version)
    folder.lastKey = version.key
  }
  if (folder) yield folder
}

function placeOf(key: string): Pick<Folder, 'tenant' | 'snapshot'> | undefined {
  const [, tenant, ...rest] = key.split('/')
  if (!TenantId.safeParse(tenant).success) return undefined
  if (rest.length === 1) return { tenant: tenant!, snapshot: null }
  const snapshot = SnapshotIdSchema.safeParse(`${rest[0]}.${rest[1]}`)
  return rest.length === 3 && snapshot.success ? { tenant: tenant!, snapshot: snapshot.data } : undefined
}
