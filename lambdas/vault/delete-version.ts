import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { lockOf } from './lock.ts'
import { s3Status, type Vault } from './vault.ts'

/** S3 refused to remove a version because a lock holds it. Nothing has changed. */
export class VersionLocked extends Error {
  /** The end of that lock; undefined where it is something else that holds the version. */
  readonly until: Date | undefined

  constructor(message: string, until: Date | undefined, options?: ErrorOptions) {
    super(message, options)
    this.until = until
  }
}

/**
 * Removes one version for good. Idempotent: a version that is gone is no error. The version is always named, so that a delete marker is never written.
 * @throws VersionLocked
 */
export async function deleteVersion({ bucket, client }: Vault, key: string, versionId: string): Promise<void> {
  try {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }))
  } catch (error) {
    const status = s3Status(error)
    if (status === 404) return
    if (status !== 403) throw error
    const until = (await lockOf({ bucket, client }, key, versionId))?.until
    throw new VersionLocked(`S3 refuses to remove ${key}`, until, { cause: error })
  }
}
