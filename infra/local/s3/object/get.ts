import type { Answer } from '../answer.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import type { Version } from '../store/versions.ts'
import { checksumHeaders, retentionHeaders, versionHeader } from './describe.ts'
import { findVersion } from './find.ts'
import { readRange } from './range.ts'

export function headObject(call: Call): Answer {
  const { body: _body, ...head } = getObject(call)
  return head
}

export function getObject(call: Call): Answer {
  const bucket = call.bucket()
  const version = findVersion(call)
  const described = {
    etag: `"${version.etag}"`,
    'last-modified': version.modified.toUTCString(),
    'accept-ranges': 'bytes',
    ...versionHeader(bucket, version.id),
  }
  if (isUnchanged(call, version)) return { status: 304, headers: described }
  const range = readRange(call.header('range'), version.size)
  const { start, end } = range ?? { start: 0, end: version.size - 1 }
  const wantsChecksum = call.header('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'
  return {
    status: range ? 206 : 200,
    headers: {
      ...described,
      ...version.headers,
      ...overrides(call),
      ...(call.may('s3:GetObjectRetention', call.objectArn) ? retentionHeaders(version) : {}),
      // The checksum is of the whole object: a client could only stumble over it in a range.
      ...(wantsChecksum && !range ? checksumHeaders(version.checksum) : {}),
      'content-length': end - start + 1,
      'content-range': range && `bytes ${start}-${end}/${version.size}`,
    },
    body: call.store.files.read(call.store.versions.pieces(version), start, end),
  }
}

/** `response-content-type` and its like in a presigned URL. */
function overrides(call: Call): Record<string, string> {
  return Object.fromEntries(
    [...call.query].flatMap(([name, value]) =>
      name.startsWith('response-') ? [[name.slice('response-'.length), value]] : [],
    ),
  )
}

/** @throws S3Error `PreconditionFailed`; `NotImplemented` for conditions on the date */
function isUnchanged(call: Call, version: Version): boolean {
  if (call.isHeader('if-modified-since') || call.isHeader('if-unmodified-since')) throw new S3Error('NotImplemented')
  const names = (list: string) => list.split(',').map(one => one.trim().replace(/^(W\/)?"(.*)"$/, '$2'))
  const [match, noneMatch] = [call.header('if-match'), call.header('if-none-match')]
  const holds = (list: string) => names(list).some(name => name === '*' || name === version.etag)
  if (match !== undefined && !holds(match)) throw new S3Error('PreconditionFailed')
  return noneMatch !== undefined && holds(noneMatch)
}
