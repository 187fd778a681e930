import { GetObjectRetentionCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3'
import { s3ErrorName, type Vault } from './vault.ts'

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

/** The lock of one version, as it is now; undefined when it has none. */
export async function lockOf({ bucket, client }: Vault, key: string, versionId: string): Promise<Lock | undefined> {
  try {
    const { Retention } = await client.send(
      new GetObjectRetentionCommand({ Bucket: bucket, Key: key, VersionId: versionId }),
    )
    const { Mode: mode, RetainUntilDate: until } = Retention ?? {}
    return mode && until && { mode, until }
  } catch (error) {
    if (s3ErrorName(error) === 'NoSuchObjectLockConfiguration') return undefined
    throw error
  }
}
