import { S3Error } from '../error.ts'
import type { Algorithm } from './checksum.ts'
import type { Expectation } from './expectation.ts'

export type Digests = Map<Algorithm | 'MD5', Buffer>

/** The hashes that must be computed to hold a body against what was promised. */
export function hashesFor(expected: Expectation): Set<Algorithm> {
  const hashes = new Set<Algorithm>()
  if (expected.payloadSha256 !== undefined) hashes.add('SHA256')
  if (expected.checksum) hashes.add(expected.checksum.algorithm)
  if (expected.trailer) hashes.add(expected.trailer)
  return hashes
}

/**
 * Holds a whole body against what was promised.
 * @returns the additional checksum, in base64, if the request carried one
 * @throws S3Error `XAmzContentSHA256Mismatch`, `BadDigest` or `IncompleteBody`
 */
export function checkBody(
  expected: Expectation,
  digests: Digests,
  size: number,
  trailers: Map<string, string>,
): { algorithm: Algorithm; value: string } | undefined {
  if (size !== expected.length) throw new S3Error('IncompleteBody')
  if (expected.payloadSha256 !== undefined && digests.get('SHA256')?.toString('hex') !== expected.payloadSha256)
    throw new S3Error('XAmzContentSHA256Mismatch')
  if (expected.md5 !== undefined && digests.get('MD5')?.toString('base64') !== expected.md5)
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.')
  const promised = expected.checksum ?? fromTrailer(expected, trailers)
  if (promised && digests.get(promised.algorithm)?.toString('base64') !== promised.value)
    throw new S3Error('BadDigest', `The ${promised.algorithm} you specified did not match the calculated checksum.`)
  return promised
}

function fromTrailer({ trailer }: Expectation, trailers: Map<string, string>) {
  if (trailer === undefined) return undefined
  const value = trailers.get(`x-amz-checksum-${trailer.toLowerCase()}`)
  if (value === undefined) throw new S3Error('InvalidRequest', 'The trailer that x-amz-trailer announces is missing.')
  return { algorithm: trailer, value }
}
