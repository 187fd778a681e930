import { HeadObjectCommand } from '@aws-sdk/client-s3'
import type { Lock } from './lock.ts'
import { s3Status, type Vault } from './vault.ts'

export interface DescribedVersion {
  size: number
  /** As S3 writes it: base64, with `-<parts>` for an object of parts. */
  sha256: string
  /** As it is now; null when it has none. */
  lock: Lock | null
}

/**
 * What S3 says of one version and its lock. The caller's role must be allowed GetObjectRetention, or S3 leaves the lock out.
 * @returns undefined if there is no such version; who may not list the bucket is answered 403 then
 */
export async function describeVersion(
  { bucket, client }: Vault,
  key: string,
  versionId: string,
): Promise<DescribedVersion | undefined> {
  try {
    const head = await client.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId, ChecksumMode: 'ENABLED' }),
    )
    if (head.ContentLength === undefined || !head.ChecksumSHA256)
      throw new Error('S3 described an object without its length or SHA-256')
    const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = head
    return { size: head.ContentLength, sha256: head.ChecksumSHA256, lock: mode && until ? { mode, until } : null }
  } catch (error) {
    const status = s3Status(error)
    if (status === 404 || status === 403 || status === 400) return undefined // 400: no version id at all
    throw error
  }
}
