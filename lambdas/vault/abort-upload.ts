import { AbortMultipartUploadCommand } from '@aws-sdk/client-s3'
import { s3ErrorName, type Vault } from './vault.ts'

/** Ends an upload with all its parts: every URL that was signed for it is dead. Idempotent, also for one that was completed. */
export async function abortUpload({ bucket, client }: Vault, key: string, uploadId: string): Promise<void> {
  try {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }))
  } catch (error) {
    if (s3ErrorName(error) !== 'NoSuchUpload') throw error
  }
}
