import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { completeUpload } from '../vault/complete-upload.ts'
import { headObject } from '../vault/head.ts'
import { listParts } from '../vault/list-parts.ts'
import { lockVersion } from '../vault/lock.ts'
import { putLocked } from '../vault/put-locked.ts'
import { readRange } from '../vault/read-range.ts'
import { openVault } from '../vault/vault.ts'
import type { CommitVault } from './ports.ts'

export function commitVault(bucket: string, options?: S3ClientConfig): CommitVault {
  const vault = openVault(bucket, options)
  return {
    listParts: (key, uploadId) => listParts(vault, key, uploadId),
    completeUpload: upload => completeUpload(vault, upload),
    head: (key, versionId) => headObject(vault, key, versionId),
    readRange: (key, versionId, range) => readRange(vault, key, versionId, range),
    lock: (key, versionId, lock) => lockVersion(vault, key, versionId, lock),
    putLocked: (object, lock) => putLocked(vault, object, lock),
  }
}
