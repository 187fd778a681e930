import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto'
import { canonicalRequest } from './canonical.ts'
import { type Claim, readClaim } from './claim.ts'
import type { Credential } from './credential.ts'
import { SignatureError } from './error.ts'
import { headerOf, type SignedRequest } from './request.ts'

export interface Verification {
  /** `s3`, `dynamodb`, `execute-api`: the credential scope must name it. */
  service: string
  /** The credential scope must name it, where given. */
  region?: string | undefined
  now: () => Date
  access: {
    /** What belongs to an access key, or undefined for a key nobody issued. */
    credential(accessKeyId: string): Credential | undefined
  }
  /**
   * Hex SHA-256 of the body, for services whose requests are small enough to be read first: it goes into the signature whatever
   * the request says about its own body. S3 leaves it out and compares `payloadHash` with the body while that streams.
   */
  bodySha256?: string
}

export interface Verified {
  principal: string
  accessKeyId: string
  signedAt: Date
  /** Only for a presigned URL; `expires` in seconds from `signedAt`. */
  presigned?: { signedAt: Date; expires: number }
  /** Hex SHA-256, `UNSIGNED-PAYLOAD` or a `STREAMING-…` word: what the signature says about the body. */
  payloadHash: string
  /** Lower case, in the order signed. */
  signedHeaders: string[]
}

/** Milliseconds that a clock may differ, as AWS allows. */
const skew = 15 * 60 * 1000

/**
 * Proves who sent a request (Signature Version 4, header or query form) and that method, path, query, signed headers and body
 * hash are what was signed. It does not decide what the sender may do.
 * @throws SignatureError
 */
export function verifySignature(request: SignedRequest, verification: Verification): Verified {
  const claim = readClaim(request)
  checkScope(claim, verification)
  const credential = findCredential(claim, verification.access)
  checkTime(claim, verification.now())
  checkSignedHeaders(request, claim)
  const payloadHash = payloadHashOf(claim, verification)
  const expected = sign(credential, claim, canonicalRequest(request, claim.service, claim.signedHeaders, payloadHash))
  if (!equal(expected, claim.signature))
    throw new SignatureError(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    )
  const { accessKeyId, signedAt, expires, signedHeaders } = claim
  const presigned = expires === undefined ? {} : { presigned: { signedAt, expires } }
  return { principal: credential.principal, accessKeyId, signedAt, ...presigned, payloadHash, signedHeaders }
}

function checkScope(claim: Claim, { service, region }: Verification): void {
  const wrong = (why: string) => {
    const code = claim.expires === undefined ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError'
    return new SignatureError(code, `The credential scope is wrong; ${why}.`)
  }
  if (claim.service !== service) throw wrong(`the service '${claim.service}' must be '${service}'`)
  if (region !== undefined && claim.region !== region)
    throw wrong(`the region '${claim.region}' is wrong; expecting '${region}'`)
  if (claim.day !== claim.timestamp.slice(0, 8)) throw wrong('its date is not the date of the request')
}

function findCredential(claim: Claim, access: Verification['access']): Credential {
  const credential = access.credential(claim.accessKeyId)
  if (!credential)
    throw new SignatureError('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  if (!equal(credential.sessionToken ?? '', claim.sessionToken ?? ''))
    throw new SignatureError('InvalidToken', 'The provided token is malformed or otherwise invalid.')
  return credential
}

function checkTime({ signedAt, expires }: Claim, now: Date): void {
  const age = now.getTime() - signedAt.getTime()
  if (expires === undefined) {
    if (Math.abs(age) > skew)
      throw new SignatureError(
        'RequestTimeTooSkewed',
        'The difference between the request time and the current time is too large.',
      )
    return
  }
  if (age < -skew) throw new SignatureError('AccessDenied', 'Request is not yet valid')
  if (age > expires * 1000) throw new SignatureError('AccessDenied', 'Request has expired')
}

/** What AWS acts on must be signed: the host, and every x-amz-* header that was sent. */
function checkSignedHeaders(request: SignedRequest, { signedHeaders }: Claim): void {
  const unsigned = Object.keys(request.headers).filter(
    name => (name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name),
  )
  if (unsigned.length > 0 || !signedHeaders.includes('host'))
    throw new SignatureError(
      'AccessDenied',
      `There were headers present in the request which were not signed: ${unsigned.join(', ') || 'host'}`,
    )
  const missing = signedHeaders.filter(name => headerOf(request, name) === undefined)
  if (missing.length > 0)
    throw new SignatureError('SignatureDoesNotMatch', `Signed headers are missing: ${missing.join(', ')}`)
}

function payloadHashOf(claim: Claim, { bodySha256 }: Verification): string {
  if (bodySha256 !== undefined) {
    if (claim.payloadHash !== undefined && !equal(claim.payloadHash, bodySha256))
      throw new SignatureError(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
      )
    return bodySha256
  }
  if (claim.payloadHash !== undefined) return claim.payloadHash
  if (claim.expires !== undefined) return 'UNSIGNED-PAYLOAD'
  throw new SignatureError('InvalidArgument', 'Missing required header for this request: x-amz-content-sha256')
}

function sign({ secretAccessKey }: Credential, claim: Claim, canonical: string): string {
  const { timestamp, day, region, service } = claim
  const scope = [day, region, service, 'aws4_request']
  const text = ['AWS4-HMAC-SHA256', timestamp, scope.join('/'), hash('sha256', canonical)].join('\n')
  return hmac(signingKey(secretAccessKey, scope), text).toString('hex')
}

/** A key is good for a day, and deriving it takes most of the time that a signature takes: those that were derived last, by what they are derived from. */
const signingKeys = new Map<string, KeyObject>()
const keptKeys = 100

function signingKey(secretAccessKey: string, scope: string[]): KeyObject {
  const from = JSON.stringify([secretAccessKey, ...scope])
  const kept = signingKeys.get(from)
  if (kept) return kept
  const key = scope.reduce(
    (key, text) => createSecretKey(hmac(key, text)),
    createSecretKey(`AWS4${secretAccessKey}`, 'utf8'),
  )
  if (signingKeys.size >= keptKeys) signingKeys.clear()
  signingKeys.set(from, key)
  return key
}

function hmac(key: KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** In constant time, also for texts of different lengths. */
function equal(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))
}
