import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import { checkBody, hashesFor } from './check.ts'
import { hasher } from './checksum.ts'
import { expectationOf } from './expectation.ts'
import { bodyOf } from './source.ts'

/** A Complete of 10,000 parts with checksums is about 3 MB. */
const largest = 8 * 1024 * 1024

/**
 * A small body (XML) as text, held against every checksum of the request.
 * @param digest whether the request must carry one
 * @param ofObject the checksum headers are not of this body but of the object that it is about
 */
export async function readBody(call: Call, { digest = false, ofObject = false } = {}): Promise<string> {
  if (call.header('content-length') === undefined && call.header('transfer-encoding') === undefined) return ''
  const expected = expectationOf(call, { ofObject })
  if (expected.length > largest) throw new S3Error('EntityTooLarge')
  const trailers = new Map<string, string>()
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of bodyOf(call.request, expected.chunked, trailers)) {
    size += chunk.length
    if (size > largest) throw new S3Error('EntityTooLarge')
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  const digests = new Map(
    (['MD5', ...hashesFor(expected)] as const).map(name => {
      const hash = hasher(name)
      hash.update(body)
      return [name, hash.digest()]
    }),
  )
  const checksum = checkBody(expected, digests, size, trailers)
  if (digest && !checksum && expected.md5 === undefined)
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5 or x-amz-checksum-*')
  return body.toString('utf8')
}
