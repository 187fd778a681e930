import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3'
import type { Vault } from './vault.ts'

/** Begins a pack. Its parts carry SHA-256, and S3 makes the composite of them. @returns the upload's id */
export async function createUpload({ bucket, client }: Vault, key: string): Promise<string> {
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({
      Bucket: bucket,
      Key: key,
      ChecksumAlgorithm: 'SHA256',
      ChecksumType: 'COMPOSITE',
      ContentType: 'application/octet-stream',
    }),
  )
  if (!UploadId) throw new Error('S3 began an upload without an id')
  return UploadId
}
