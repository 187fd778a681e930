import { createHash } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { headObject } from './head.ts'
import type { Lock } from './lock.ts'
import { s3ErrorName, type Vault } from './vault.ts'

/**
 * Writes a small object once, locked from the start if there is a lock. Idempotent: the same bytes again give the version that is there.
 * @throws Error if other bytes lie under the key
 */
export async function putLocked(
  vault: Vault,
  object: { key: string; body: Uint8Array; type: string },
  lock: Lock | undefined,
): Promise<string> {
  const sha256 = createHash('sha256').update(object.body).digest('base64')
  try {
    const { VersionId } = await vault.client.send(
      new PutObjectCommand({
        Bucket: vault.bucket,
        Key: object.key,
        Body: object.body,
        ContentType: object.type,
        ChecksumSHA256: sha256,
        IfNoneMatch: '*',
        ObjectLockMode: lock?.mode,
        ObjectLockRetainUntilDate: lock?.until,
      }),
    )
    if (!VersionId) throw new Error('the vault is not versioned')
    return VersionId
  } catch (error) {
    if (s3ErrorName(error) !== 'PreconditionFailed') throw error
    const stored = await headObject(vault, object.key)
    if (stored?.sha256 !== sha256) throw new Error(`${object.key} is there with other bytes`, { cause: error })
    return stored.versionId
  }
}
