import { createHash } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { Lock } from './lock.ts'
import type { Vault } from './vault.ts'

/** Writes a small object, locked from the start, as the newest version of its key. @returns the version */
export async function putVersion(
  { bucket, client }: Vault,
  object: { key: string; body: Uint8Array; type: string },
  lock: Lock,
): Promise<string> {
  const { VersionId } = await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: object.key,
      Body: object.body,
      ContentType: object.type,
      ChecksumSHA256: createHash('sha256').update(object.body).digest('base64'),
      ObjectLockMode: lock.mode,
      ObjectLockRetainUntilDate: lock.until,
    }),
  )
  if (!VersionId) throw new Error('the vault is not versioned')
  return VersionId
}
