import { posix } from 'node:path'
import { queryPairs, uriDecode, uriEncode } from './encode.ts'
import type { SignedRequest } from './request.ts'

/**
 * The text that is signed. Paths differ by service: S3 encodes the key once and never normalises it; every other service
 * normalises the path as sent and encodes it a second time.
 */
export function canonicalRequest(
  request: SignedRequest,
  service: string,
  signedHeaders: string[],
  payloadHash: string,
): string {
  return [
    request.method,
    service === 's3' ? encodeSegments(uriDecode(request.rawPath)) : encodeSegments(normalise(request.rawPath)),
    canonicalQuery(request.rawQuery),
    ...signedHeaders.map(name => `${name}:${canonicalValue(request.headers[name])}`),
    '',
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n')
}

function encodeSegments(path: string): string {
  return path.split('/').map(uriEncode).join('/')
}

function normalise(path: string): string {
  return path === '' ? '/' : posix.normalize(path)
}

function canonicalQuery(rawQuery: string): string {
  return queryPairs(rawQuery)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** By bytes: everything is ASCII once encoded. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function canonicalValue(value: string | string[] | undefined): string {
  const values = value === undefined ? [] : Array.isArray(value) ? value : [value]
  return values.map(one => one.trim().replace(/\s+/g, ' ')).join(',')
}
