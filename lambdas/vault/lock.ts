import { PutObjectRetentionCommand } from '@aws-sdk/client-s3'
import type { Vault } from './vault.ts'

export interface Lock {
  mode: 'GOVERNANCE' | 'COMPLIANCE'
  until: Date
}

/** Locks one version. The same lock again changes nothing; a shorter one is refused by S3. */
export async function lockVersion({ bucket, client }: Vault, key: string, versionId: string, lock: Lock) {
  await client.send(
    new PutObjectRetentionCommand({
      Bucket: bucket,
      Key: key,
      VersionId: versionId,
      Retention: { Mode: lock.mode, RetainUntilDate: lock.until },
      ChecksumAlgorithm: 'SHA256',
    }),
  )
}
