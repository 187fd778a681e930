import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { commitVault } from '../commit/commit-vault.ts'
import { abortUpload } from '../vault/abort-upload.ts'
import { deleteVersion } from '../vault/delete-version.ts'
import { extendLock } from '../vault/extend-lock.ts'
import { listVersions } from '../vault/list-versions.ts'
import { putVersion } from '../vault/put-version.ts'
import { openVault } from '../vault/vault.ts'
import type { JanitorVault } from './ports.ts'

export function janitorVault(bucket: string, options?: S3ClientConfig): JanitorVault {
  const vault = openVault(bucket, options)
  return {
    ...commitVault(bucket, options),
    extendLock: (key, versionId, lock) => extendLock(vault, key, versionId, lock),
    abortUpload: (key, uploadId) => abortUpload(vault, key, uploadId),
    deleteVersion: (key, versionId) => deleteVersion(vault, key, versionId),
    putVersion: (object, lock) => putVersion(vault, object, lock),
    listVersions: prefix => listVersions(vault, prefix),
  }
}
