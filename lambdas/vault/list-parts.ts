import { ListPartsCommand, type Part as S3Part } from '@aws-sdk/client-s3'
import { s3ErrorName, type Vault } from './vault.ts'

/** A part as S3 has it. */
export interface UploadedPart {
  number: number
  size: number
  /** Base64. */
  sha256: string
  etag: string
}

/** S3's own list is the truth about an upload. @returns undefined once the upload is finished or gone */
export async function listParts(
  { bucket, client }: Vault,
  key: string,
  uploadId: string,
): Promise<UploadedPart[] | undefined> {
  const parts: UploadedPart[] = []
  let marker: string | undefined
  try {
    do {
      const page = await client.send(
        new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: uploadId, PartNumberMarker: marker }),
      )
      for (const part of page.Parts ?? []) parts.push(uploaded(part))
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined
    } while (marker !== undefined)
  } catch (error) {
    if (s3ErrorName(error) === 'NoSuchUpload') return undefined
    throw error
  }
  return parts
}

function uploaded({ PartNumber, Size, ChecksumSHA256, ETag }: S3Part): UploadedPart {
  if (PartNumber === undefined || Size === undefined || !ChecksumSHA256 || !ETag)
    throw new Error('S3 listed a part without its number, size, SHA-256 or ETag')
  return { number: PartNumber, size: Size, sha256: ChecksumSHA256, etag: ETag }
}
