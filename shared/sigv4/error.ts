const statuses = {
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidToken: 400,
  InvalidURI: 400,
  MissingAuthenticationToken: 403,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  XAmzContentSHA256Mismatch: 400,
} as const

export type SignatureErrorCode = keyof typeof statuses

/** Why a request is not accepted, under the code S3 uses for it. Other services translate the code to their own. */
export class SignatureError extends Error {
  readonly code: SignatureErrorCode
  readonly status: number

  constructor(code: SignatureErrorCode, message: string) {
    super(message)
    this.name = 'SignatureError'
    this.code = code
    this.status = statuses[code]
  }
}
