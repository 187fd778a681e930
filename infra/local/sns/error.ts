import type { SignatureError, SignatureErrorCode } from '../../../shared/sigv4/error.ts'

const statuses = {
  AuthorizationError: 403,
  IncompleteSignature: 400,
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidClientTokenId: 403,
  InvalidParameter: 400,
  KMSAccessDenied: 400,
  MissingAuthenticationToken: 403,
  NotFound: 404,
  RequestExpired: 400,
  SignatureDoesNotMatch: 403,
} as const
type Code = keyof typeof statuses

/** A refusal in the words of SNS. */
export class SnsError extends Error {
  readonly code: Code
  readonly status: number

  constructor(code: Code, message: string) {
    super(message)
    this.name = 'SnsError'
    this.code = code
    this.status = statuses[code]
  }
}

/** What S3 calls an error, in the words of SNS. */
const codes: Record<SignatureErrorCode, Code> = {
  AccessDenied: 'AuthorizationError',
  AuthorizationHeaderMalformed: 'IncompleteSignature',
  AuthorizationQueryParametersError: 'IncompleteSignature',
  InvalidAccessKeyId: 'InvalidClientTokenId',
  InvalidArgument: 'IncompleteSignature',
  InvalidToken: 'InvalidClientTokenId',
  InvalidURI: 'IncompleteSignature',
  MissingAuthenticationToken: 'MissingAuthenticationToken',
  RequestTimeTooSkewed: 'RequestExpired',
  SignatureDoesNotMatch: 'SignatureDoesNotMatch',
  XAmzContentSHA256Mismatch: 'SignatureDoesNotMatch',
}

export function ofSignature({ code, message }: SignatureError): SnsError {
  return new SnsError(codes[code], message)
}
