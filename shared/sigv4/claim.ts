import { queryPairs } from './encode.ts'
import { SignatureError } from './error.ts'
import { headerOf, type SignedRequest } from './request.ts'

/** What a request says about its own signature, in either form; nothing of it is proved yet. */
export interface Claim {
  accessKeyId: string
  /** `yyyymmdd` of the credential scope. */
  day: string
  region: string
  service: string
  signedHeaders: string[]
  /** Hex. */
  signature: string
  signedAt: Date
  /** `yyyymmddThhmmssZ`, as signed. */
  timestamp: string
  /** Only in the query form: seconds the URL lives. */
  expires?: number
  sessionToken: string | undefined
  /** As the request names it; undefined where it names none. */
  payloadHash: string | undefined
}

const algorithm = 'AWS4-HMAC-SHA256'
/** A presigned URL lives a week at most. */
const longestExpiry = 7 * 24 * 3600

/** @throws SignatureError if there is no signature, two, or one that cannot be read */
export function readClaim(request: SignedRequest): Claim {
  const query = new Map(queryPairs(request.rawQuery))
  const authorization = headerOf(request, 'authorization')
  const presigned = query.has('X-Amz-Algorithm') || query.has('X-Amz-Signature')
  if (authorization !== undefined && presigned)
    throw new SignatureError('InvalidArgument', 'Only one auth mechanism allowed.')
  if (presigned) return fromQuery(request, query)
  if (authorization !== undefined) return fromHeader(request, authorization)
  throw new SignatureError('MissingAuthenticationToken', 'The request is not signed.')
}

function fromHeader(request: SignedRequest, authorization: string): Claim {
  const malformed = (why: string) =>
    new SignatureError('AuthorizationHeaderMalformed', `The authorization header is malformed; ${why}.`)
  const [scheme, rest] = split(authorization, ' ')
  if (scheme !== algorithm) throw malformed(`only ${algorithm} is supported`)
  const fields = new Map(rest.split(',').map(field => split(field.trim(), '=')))
  const credential = fields.get('Credential')
  const signedHeaders = fields.get('SignedHeaders')
  const signature = fields.get('Signature')
  if (!credential || !signedHeaders || !signature)
    throw malformed('Credential, SignedHeaders and Signature are required')
  return {
    ...readScope(credential, malformed),
    ...readTime(headerOf(request, 'x-amz-date'), () => {
      return new SignatureError('AccessDenied', 'AWS authentication requires a valid x-amz-date header.')
    }),
    signedHeaders: signedHeaders.split(';'),
    signature,
    sessionToken: headerOf(request, 'x-amz-security-token'),
    payloadHash: headerOf(request, 'x-amz-content-sha256'),
  }
}

function fromQuery(request: SignedRequest, query: Map<string, string>): Claim {
  const malformed = (why: string) =>
    new SignatureError('AuthorizationQueryParametersError', `Error parsing the query parameters; ${why}.`)
  const need = (name: string) => {
    const value = query.get(name)
    if (!value) throw malformed(`${name} is required`)
    return value
  }
  if (need('X-Amz-Algorithm') !== algorithm) throw malformed(`X-Amz-Algorithm only supports ${algorithm}`)
  const expires = need('X-Amz-Expires')
  if (!/^\d{1,9}$/.test(expires) || Number(expires) < 1 || Number(expires) > longestExpiry)
    throw malformed(`X-Amz-Expires must be between 1 and ${longestExpiry} seconds`)
  return {
    ...readScope(need('X-Amz-Credential'), malformed),
    ...readTime(need('X-Amz-Date'), () => malformed('X-Amz-Date must be yyyyMMddTHHmmssZ')),
    signedHeaders: need('X-Amz-SignedHeaders').split(';'),
    signature: need('X-Amz-Signature'),
    expires: Number(expires),
    sessionToken: query.get('X-Amz-Security-Token') ?? headerOf(request, 'x-amz-security-token'),
    payloadHash: headerOf(request, 'x-amz-content-sha256') ?? query.get('X-Amz-Content-Sha256'),
  }
}

function readScope(credential: string, malformed: (why: string) => SignatureError) {
  // An access key id may itself hold slashes, the scope never does: it is read from its end.
  const pieces = credential.split('/')
  const [day, region, service, terminator] = pieces.slice(-4)
  const accessKeyId = pieces.slice(0, -4).join('/')
  if (!accessKeyId || !day || !region || !service || terminator !== 'aws4_request')
    throw malformed('the Credential must be <key>/<yyyymmdd>/<region>/<service>/aws4_request')
  return { accessKeyId, day, region, service }
}

function readTime(timestamp: string | undefined, malformed: () => SignatureError) {
  const match = timestamp && /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp)
  if (!match) throw malformed()
  const [, year, month, day, hour, minute, second] = match
  const signedAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(signedAt.getTime())) throw malformed()
  return { timestamp: timestamp as string, signedAt }
}

function split(text: string, at: string): [string, string] {
  const index = text.indexOf(at)
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + at.length)]
}
