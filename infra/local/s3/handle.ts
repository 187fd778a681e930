import type { IncomingMessage } from 'node:http'
import { queryPairs, uriDecode } from '../../../shared/sigv4/encode.ts'
import { verifySignature } from '../../../shared/sigv4/verify.ts'
import type { AccessControl } from '../access.ts'
import type { Answer } from './answer.ts'
import { Call } from './call.ts'
import { allowOrigin } from './cors.ts'
import { S3Error } from './error.ts'
import { isAllowed } from './permission.ts'
import { route } from './route.ts'
import type { Store } from './store/store.ts'

export interface Service {
  store: Store
  access: AccessControl
  now: () => Date
  region: string
}

/**
 * Who sent it, what it wants, whether it may, and then the operation itself.
 * @throws S3Error, SignatureError
 */
export async function handle(request: IncomingMessage, service: Service): Promise<Answer> {
  const { rawPath, rawQuery, bucketName, key } = readTarget(request)
  if (request.method === 'OPTIONS') return preflight(request, service, bucketName)
  const { access, now, region, store } = service
  const signed = { method: request.method ?? '', rawPath, rawQuery, headers: request.headers }
  const verified = verifySignature(signed, { service: 's3', region, now, access })
  if (bucketName === '') throw new S3Error('NotImplemented')
  if (Buffer.byteLength(key) > 1024) throw new S3Error('KeyTooLongError')
  let createsObject = false
  const call = new Call(
    { request, verified, store, now: now(), bucketName, key, query: new Map(queryPairs(rawQuery)) },
    (asking, action, resource) => isAllowed(access, asking, createsObject, action, resource),
  )
  const operation = route(call)
  createsObject = operation.createsObject === true
  for (const { action, on } of operation.permissions(call))
    if (!call.may(action, on === 'bucket' ? call.bucketArn : call.objectArn)) throw new S3Error('AccessDenied')
  return operation.run(call)
}

/** Path-style: `/bucket/key`. */
export function readTarget(request: IncomingMessage) {
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  const rawPath = mark < 0 ? url : url.slice(0, mark)
  const [, bucketName = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(uriDecode(rawPath)) ?? []
  return { rawPath, rawQuery: mark < 0 ? '' : url.slice(mark + 1), bucketName, key }
}

/** A browser asks before it sends; such a request is never signed. */
function preflight(request: IncomingMessage, { store }: Service, bucketName: string): Answer {
  const {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': names = '',
  } = request.headers
  if (origin === undefined || method === undefined)
    throw new S3Error('InvalidRequest', 'Insufficient information. Origin request header needed.')
  const asked = names.split(',').flatMap(name => name.trim() || [])
  const headers = allowOrigin(store.buckets.find(bucketName)?.cors ?? [], origin, method, asked)
  if (!headers) throw new S3Error('AccessForbidden')
  return { status: 200, headers }
}
