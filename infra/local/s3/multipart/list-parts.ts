import { type Answer, xmlAnswer } from '../answer.ts'
import type { Call } from '../call.ts'
import { pageSize } from '../page.ts'
import { findUpload } from './find-upload.ts'

export function listParts(call: Call): Answer {
  const upload = findUpload(call)
  const max = pageSize(call.query.get('max-parts'))
  const after = Number(call.query.get('part-number-marker') ?? 0)
  const parts = call.store.uploads.parts(upload, after)
  const page = parts.slice(0, max)
  return xmlAnswer('ListPartsResult', {
    Bucket: upload.bucket,
    Key: upload.key,
    UploadId: upload.id,
    PartNumberMarker: after,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: max,
    IsTruncated: parts.length > page.length,
    StorageClass: 'STANDARD',
    ChecksumAlgorithm: upload.algorithm,
    ChecksumType: upload.algorithm && 'COMPOSITE',
    Part: page.map(part => ({
      PartNumber: part.number,
      LastModified: part.modified.toISOString(),
      ETag: `"${part.etag}"`,
      Size: part.size,
      ...(upload.algorithm && { [`Checksum${upload.algorithm}`]: part.checksum }),
    })),
  })
}
