import { type Answer, xmlAnswer } from '../answer.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import { keyWriter, pageSize, takePage } from '../page.ts'
import type { VersionCursor } from '../store/versions.ts'

export function listVersions(call: Call): Answer {
  const { name } = call.bucket()
  const { query, store } = call
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? '']
  const max = pageSize(query.get('max-keys'))
  const after = cursorOf(call)
  const { rows, prefixes, truncated, last } = takePage(store.versions.history(name, prefix, after), {
    prefix,
    delimiter,
    max,
    seen: after.key,
  })
  const key = keyWriter(query.get('encoding-type'))
  return xmlAnswer('ListVersionsResult', {
    Name: name,
    Prefix: key(prefix),
    Delimiter: delimiter === '' ? undefined : key(delimiter),
    KeyMarker: key(query.get('key-marker') ?? ''),
    VersionIdMarker: query.get('version-id-marker') ?? '',
    NextKeyMarker: truncated && last ? key(last.key) : undefined,
    NextVersionIdMarker: truncated ? last?.row?.id : undefined,
    MaxKeys: max,
    EncodingType: query.get('encoding-type'),
    IsTruncated: truncated,
    Version: rows
      .filter(version => !version.marker)
      .map(version => ({
        Key: key(version.key),
        VersionId: version.id,
        IsLatest: version.latest,
        LastModified: version.modified.toISOString(),
        ETag: `"${version.etag}"`,
        ChecksumAlgorithm: version.checksum?.algorithm,
        ChecksumType: version.checksum?.type,
        Size: version.size,
        StorageClass: 'STANDARD',
      })),
    DeleteMarker: rows
      .filter(version => version.marker)
      .map(version => ({
        Key: key(version.key),
        VersionId: version.id,
        IsLatest: version.latest,
        LastModified: version.modified.toISOString(),
      })),
    CommonPrefixes: prefixes.map(one => ({ Prefix: key(one) })),
  })
}

/** A version that is gone meanwhile goes on with the next key's: S3 answers the same for an unknown marker. */
function cursorOf({ query, store, bucketName }: Call): VersionCursor {
  const key = query.get('key-marker') ?? ''
  const id = query.get('version-id-marker')
  if (id === undefined || id === '') return { key }
  if (key === '') throw new S3Error('InvalidArgument', 'A version-id marker cannot be specified without a key marker.')
  return { key, sequence: store.versions.find(bucketName, key, id)?.sequence }
}
