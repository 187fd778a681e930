/** Answers of S3 for what the door does not do, or for what did not come as it was said to. */
const statuses = {
  AccessDenied: 403,
  BadDigest: 400,
  EntityTooLarge: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidObjectState: 403,
  InvalidPart: 400,
  InvalidRequest: 400,
  MalformedXML: 400,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  XAmzContentSHA256Mismatch: 400,
} as const

/** A request of the server that is refused, in S3's own words. */
export class Refused extends Error {
  readonly code: keyof typeof statuses
  readonly status: number

  constructor(code: keyof typeof statuses, message: string) {
    super(message)
    this.name = 'Refused'
    this.code = code
    this.status = statuses[code]
  }
}
