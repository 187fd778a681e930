import { type Answer, xmlAnswer } from '../answer.ts'
import type { Call } from '../call.ts'
import { keyWriter, pageSize, takePage } from '../page.ts'

export function listUploads(call: Call): Answer {
  const { name } = call.bucket()
  const { query, store } = call
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? '']
  const max = pageSize(query.get('max-uploads'))
  const [seen, marker] = [query.get('key-marker') ?? '', query.get('upload-id-marker')]
  const after = { key: seen, upload: marker ? store.uploads.find(name, seen, marker) : undefined }
  const { rows, prefixes, truncated, last } = takePage(store.uploads.running(name, prefix, after), {
    prefix,
    delimiter,
    max,
    seen,
  })
  const key = keyWriter(query.get('encoding-type'))
  return xmlAnswer('ListMultipartUploadsResult', {
    Bucket: name,
    KeyMarker: key(seen),
    UploadIdMarker: marker ?? '',
    NextKeyMarker: truncated && last ? key(last.key) : undefined,
    NextUploadIdMarker: truncated ? last?.row?.id : undefined,
    Delimiter: delimiter === '' ? undefined : key(delimiter),
    Prefix: key(prefix),
    MaxUploads: max,
    EncodingType: query.get('encoding-type'),
    IsTruncated: truncated,
    Upload: rows.map(upload => ({
      Key: key(upload.key),
      UploadId: upload.id,
      Initiated: upload.started.toISOString(),
      StorageClass: 'STANDARD',
      ChecksumAlgorithm: upload.algorithm,
      ChecksumType: upload.algorithm && 'COMPOSITE',
    })),
    CommonPrefixes: prefixes.map(one => ({ Prefix: key(one) })),
  })
}
