import { CompleteMultipartUploadCommand } from '@aws-sdk/client-s3'
import type { UploadedPart } from './list-parts.ts'
import { s3ErrorName, type Vault } from './vault.ts'

/**
 * Makes the object of its parts, once: `If-None-Match: *` refuses a second one under the same key. S3 may answer 200 and say in the body that
 * it failed; the SDK turns that into an error. Never call it twice at the same time for one upload: S3 may answer 409 and void the upload.
 * @returns the version; undefined when there is an object already or the upload is gone, and a look at the object must decide
 */
export async function completeUpload(
  { bucket, client }: Vault,
  upload: { key: string; uploadId: string; parts: UploadedPart[] },
): Promise<string | undefined> {
  try {
    const { VersionId } = await client.send(
      new CompleteMultipartUploadCommand({
        Bucket: bucket,
        Key: upload.key,
        UploadId: upload.uploadId,
        IfNoneMatch: '*',
        ChecksumType: 'COMPOSITE',
        MultipartUpload: {
          Parts: upload.parts.map(({ number, etag, sha256 }) => ({
            PartNumber: number,
            ETag: etag,
            ChecksumSHA256: sha256,
          })),
        },
      }),
    )
    if (!VersionId) throw new Error('the vault is not versioned')
    return VersionId
  } catch (error) {
    const name = s3ErrorName(error)
    if (name === 'NoSuchUpload' || name === 'PreconditionFailed') return undefined
    throw error
  }
}
