import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import { type Algorithm, digestLength } from './checksum.ts'

/** What a request promises about its body. */
export interface Expectation {
  /** Bytes, without any framing. */
  length: number
  chunked: boolean
  /** Hex, from the signature. */
  payloadSha256: string | undefined
  /** Base64. */
  md5: string | undefined
  checksum: { algorithm: Algorithm; value: string } | undefined
  /** The checksum follows the body. */
  trailer: Algorithm | undefined
}

const largest = 5 * 1024 ** 3
const prefix = 'x-amz-checksum-'

/**
 * @param ofObject the checksum headers are not of this body but of the object that it is about
 * @throws S3Error
 */
export function expectationOf(call: Call, { ofObject = false } = {}): Expectation {
  const { payloadHash } = call.verified
  const chunked = payloadHash === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
  if (payloadHash.startsWith('STREAMING-') && !chunked) throw new S3Error('NotImplemented')
  const trailer = call.header('x-amz-trailer')
  const length = lengthOf(call, chunked)
  if (length > largest) throw new S3Error('EntityTooLarge')
  return {
    length,
    chunked,
    payloadSha256: /^[0-9a-f]{64}$/.test(payloadHash) ? payloadHash : unsigned(payloadHash),
    md5: md5Of(call),
    checksum: ofObject ? undefined : checksumOf(call),
    trailer: trailer === undefined ? undefined : algorithmOf(trailer.toLowerCase()),
  }
}

function unsigned(payloadHash: string): undefined {
  if (payloadHash !== 'UNSIGNED-PAYLOAD' && !payloadHash.startsWith('STREAMING-'))
    throw new S3Error(
      'InvalidArgument',
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING word or a SHA-256.',
    )
}

function lengthOf(call: Call, chunked: boolean): number {
  const length = call.header(chunked ? 'x-amz-decoded-content-length' : 'content-length')
  if (length === undefined) throw new S3Error('MissingContentLength')
  if (!/^\d{1,15}$/.test(length)) throw new S3Error('InvalidArgument', 'The content length is not a number.')
  return Number(length)
}

function md5Of(call: Call): string | undefined {
  const md5 = call.header('content-md5')
  if (md5 !== undefined && !isDigest(md5, 16)) throw new S3Error('InvalidDigest')
  return md5
}

function checksumOf(call: Call): Expectation['checksum'] {
  const given = call.headerNames().filter(name => name.startsWith(prefix) && !isWord(name))
  // Hoisted into a presigned URL S3 does not hold the body against a SHA-256; the CRC32 that an SDK puts there it does.
  const enforced = given.filter(name => call.isHeader(name) || name === `${prefix}crc32`)
  if (enforced.length > 1) throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header.')
  const [name] = enforced
  if (name === undefined) return undefined
  const algorithm = algorithmOf(name)
  const value = call.header(name) ?? ''
  if (!isDigest(value, digestLength[algorithm]))
    throw new S3Error('InvalidRequest', `Value for ${name} header is invalid.`)
  return { algorithm, value }
}

/** Headers that name an algorithm or a type rather than carry a checksum. */
function isWord(name: string): boolean {
  return ['algorithm', 'type', 'mode'].includes(name.slice(prefix.length))
}

function algorithmOf(header: string): Algorithm {
  switch (header) {
    case `${prefix}sha256`:
      return 'SHA256'
    case `${prefix}crc32`:
      return 'CRC32'
    default:
      throw new S3Error('NotImplemented', `${header} is not implemented.`)
  }
}

function isDigest(base64: string, bytes: number): boolean {
  const decoded = Buffer.from(base64, 'base64')
  return decoded.length === bytes && decoded.toString('base64') === base64
}
