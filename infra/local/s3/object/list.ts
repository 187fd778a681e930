import { type Answer, xmlAnswer } from '../answer.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import { keyWriter, pageSize, takePage } from '../page.ts'

export function listObjects(call: Call): Answer {
  const { name } = call.bucket()
  const { query, store } = call
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? '']
  const max = pageSize(query.get('max-keys'))
  const token = query.get('continuation-token')
  const seen = token === undefined ? (query.get('start-after') ?? '') : readToken(token)
  const { rows, prefixes, truncated, last } = takePage(store.versions.objects(name, prefix, seen), {
    prefix,
    delimiter,
    max,
    seen,
  })
  const key = keyWriter(query.get('encoding-type'))
  return xmlAnswer('ListBucketResult', {
    Name: name,
    Prefix: key(prefix),
    Delimiter: delimiter === '' ? undefined : key(delimiter),
    MaxKeys: max,
    EncodingType: query.get('encoding-type'),
    KeyCount: rows.length + prefixes.length,
    StartAfter: query.get('start-after'),
    ContinuationToken: token,
    NextContinuationToken: truncated && last ? Buffer.from(last.key).toString('base64url') : undefined,
    IsTruncated: truncated,
    Contents: rows.map(version => ({
      Key: key(version.key),
      LastModified: version.modified.toISOString(),
      ETag: `"${version.etag}"`,
      ChecksumAlgorithm: version.checksum?.algorithm,
      ChecksumType: version.checksum?.type,
      Size: version.size,
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: prefixes.map(one => ({ Prefix: key(one) })),
  })
}

function readToken(token: string): string {
  const key = Buffer.from(token, 'base64url')
  if (key.toString('base64url') !== token)
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect')
  return key.toString()
}
