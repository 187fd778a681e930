import type { Ports } from '../http/ports.ts'
import type { DescribedVersion } from '../vault/describe-version.ts'
import type { VersionEntry } from '../vault/list-versions.ts'

/**
 * What a rebuild does in the vault: it lists `meta/`, reads what lies there, and asks what versions of packs are (HeadObject). It signs nothing, so
 * that no content leaves through it, and changes nothing. See lambdas/vault for each.
 */
export interface RebuildVault {
  listVersions(prefix: string, after?: string): AsyncIterable<VersionEntry>
  describeVersion(key: string, versionId: string): Promise<DescribedVersion | undefined>
  read(key: string, versionId: string): Promise<Uint8Array>
}

export interface RebuildPorts extends Ports {
  vault: RebuildVault
}

/** What was not put back, and why. */
export interface Skipped {
  key: string
  why: string
}
