import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { describeVersion } from '../vault/describe-version.ts'
import { listVersions } from '../vault/list-versions.ts'
import { readObject } from '../vault/read-object.ts'
import { openVault } from '../vault/vault.ts'
import type { RebuildVault } from './ports.ts'

export function rebuildVault(bucket: string, options?: S3ClientConfig): RebuildVault {
  const vault = openVault(bucket, options)
  return {
    listVersions: (prefix, after) => listVersions(vault, prefix, after),
    describeVersion: (key, versionId) => describeVersion(vault, key, versionId),
    read: (key, versionId) => readObject(vault, key, versionId),
  }
}
