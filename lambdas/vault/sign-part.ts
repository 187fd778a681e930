import { UploadPartCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Vault } from './vault.ts'

/** The bucket policy refuses signatures older than this and one minute. */
export const urlSeconds = 900

export interface PartToSign {
  key: string
  uploadId: string
  number: number
  size: number
  /** Base64. */
  sha256: string
}

/**
 * A URL that takes one PUT of exactly these bytes: length and SHA-256 are signed, so nobody who holds it can put anything else.
 * The checksum must stay a header; an SDK left alone moves it into the query, where S3 does not enforce it.
 */
export async function signPart({ bucket, client }: Vault, part: PartToSign) {
  const command = new UploadPartCommand({
    Bucket: bucket,
    Key: part.key,
    UploadId: part.uploadId,
    PartNumber: part.number,
    ContentLength: part.size,
    ChecksumSHA256: part.sha256,
  })
  const url = await getSignedUrl(client, command, {
    expiresIn: urlSeconds,
    unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
  })
  return { url, headers: { 'content-length': String(part.size), 'x-amz-checksum-sha256': part.sha256 } }
}
