import type { Ports } from '../http/ports.ts'
import type { VersionEntry } from '../vault/list-versions.ts'
import type { Lock } from '../vault/lock.ts'

/** What an export does in the vault, on `meta/<tenant>/tenant.json` alone. See lambdas/vault for each. */
export interface ExportVault {
  putVersion(object: { key: string; body: Uint8Array; type: string }, lock: Lock): Promise<string>
  /** @throws VersionGone */
  extendLock(key: string, versionId: string, lock: Lock): Promise<void>
  listVersions(prefix: string): AsyncIterable<VersionEntry>
  /** @throws VersionLocked */
  deleteVersion(key: string, versionId: string): Promise<void>
}

export interface ExportPorts extends Ports {
  vault: ExportVault
}
