import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { s3Status, type Vault } from './vault.ts'

export interface Stored {
  versionId: string
  size: number
  /** As S3 writes it: base64, with `-<parts>` for an object of parts. */
  sha256: string
}

/**
 * What S3 says of an object: of one version, or of the only one there is. Who may not list the bucket, as no function of the receiver may,
 * is answered 403 where nothing lies under a key.
 * @returns undefined if there is none
 */
export async function headObject(
  { bucket, client }: Vault,
  key: string,
  versionId?: string,
): Promise<Stored | undefined> {
  try {
    const head = await client.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId, ChecksumMode: 'ENABLED' }),
    )
    if (!head.VersionId || head.ContentLength === undefined || !head.ChecksumSHA256)
      throw new Error('S3 described an object without its version, length or SHA-256')
    return { versionId: head.VersionId, size: head.ContentLength, sha256: head.ChecksumSHA256 }
  } catch (error) {
    const status = s3Status(error)
    if (status === 404 || (status === 403 && versionId === undefined)) return undefined
    throw error
  }
}
