import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import type { Retention } from '../lock.ts'
import { isDate } from './date.ts'

const kept = ['content-type', 'content-disposition', 'content-language', 'cache-control', 'expires']

/** What a later GET sends back: the standard headers and the x-amz-meta-* ones. */
export function keptHeaders(call: Call): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/octet-stream' }
  for (const name of call.headerNames())
    if (kept.includes(name) || name.startsWith('x-amz-meta-')) headers[name] = call.header(name) ?? ''
  const encoding = (call.header('content-encoding') ?? '')
    .split(',')
    .map(one => one.trim())
    .filter(one => one !== '' && one !== 'aws-chunked')
  if (encoding.length > 0) headers['content-encoding'] = encoding.join(', ')
  return headers
}

/** All belongs to the bucket's owner, as is so in every bucket that S3 makes today; saying so is allowed. @throws S3Error `AccessControlListNotSupported` */
export function checkOwnership(call: Call): void {
  if (!['bucket-owner-full-control', undefined].includes(call.header('x-amz-acl')))
    throw new S3Error('AccessControlListNotSupported')
}

/** The lock that a new object asks for. @throws S3Error */
export function requestedRetention(call: Call): Retention | undefined {
  const mode = call.header('x-amz-object-lock-mode')
  const until = call.header('x-amz-object-lock-retain-until-date')
  if (mode === undefined && until === undefined) return undefined
  if (mode === undefined || until === undefined)
    throw new S3Error(
      'InvalidArgument',
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    )
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE')
    throw new S3Error('InvalidArgument', 'Unknown wormMode directive.')
  return checkedRetention(call, { mode, until })
}

/** @throws S3Error where the bucket has no lock or the date is not in the future */
export function checkedRetention(call: Call, asked: { mode: Retention['mode']; until: string }): Retention {
  if (!call.bucket().locked) throw new S3Error('InvalidRequest', 'Bucket is missing Object Lock Configuration')
  if (!isDate(asked.until)) throw new S3Error('InvalidArgument', 'The retain until date must be in ISO 8601 format.')
  const until = new Date(asked.until)
  if (until <= call.now) throw new S3Error('InvalidArgument', 'The retain until date must be in the future!')
  return { mode: asked.mode, until }
}

/** Only `If-None-Match: *` is known when writing. @throws S3Error `NotImplemented` */
export function checkWriteCondition(call: Call): void {
  const condition = call.header('if-none-match')
  const other = ['if-match', 'if-modified-since', 'if-unmodified-since'].some(name => call.isHeader(name))
  if ((condition !== undefined && condition !== '*') || other) throw new S3Error('NotImplemented')
}

/** To be asked in the same turn in which the version is added. @throws S3Error `PreconditionFailed` */
export function checkNotThere(call: Call): void {
  if (call.header('if-none-match') === undefined) return
  const latest = call.store.versions.latest(call.bucketName, call.key)
  if (latest && !latest.marker) throw new S3Error('PreconditionFailed')
}
