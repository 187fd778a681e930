import { hash } from 'node:crypto'
import { SignatureError, type SignatureErrorCode } from '../../../../shared/sigv4/error.ts'
import type { SignedRequest } from '../../../../shared/sigv4/request.ts'
import { verifySignature } from '../../../../shared/sigv4/verify.ts'
import type { AccessControl } from '../../access.ts'
import { DynamodbError, type ErrorType } from './error.ts'

/** What S3 calls an error, in the words of DynamoDB. */
const types: Record<SignatureErrorCode, ErrorType> = {
  AccessDenied: 'AccessDeniedException',
  AuthorizationHeaderMalformed: 'IncompleteSignatureException',
  AuthorizationQueryParametersError: 'IncompleteSignatureException',
  InvalidAccessKeyId: 'UnrecognizedClientException',
  InvalidArgument: 'IncompleteSignatureException',
  InvalidToken: 'UnrecognizedClientException',
  InvalidURI: 'IncompleteSignatureException',
  MissingAuthenticationToken: 'MissingAuthenticationTokenException',
  RequestTimeTooSkewed: 'InvalidSignatureException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
  XAmzContentSHA256Mismatch: 'InvalidSignatureException',
}

/**
 * @returns the principal that signed the request
 * @throws DynamodbError
 */
export function authenticate(
  request: SignedRequest,
  body: Buffer,
  access: AccessControl,
  region: string,
  now: () => Date,
): string {
  const bodySha256 = hash('sha256', body)
  try {
    return verifySignature(request, { service: 'dynamodb', region, now, access, bodySha256 }).principal
  } catch (error) {
    if (error instanceof SignatureError) throw new DynamodbError(types[error.code], messageOf(error))
    throw error
  }
}

function messageOf({ code, message }: SignatureError): string {
  if (code === 'MissingAuthenticationToken') return 'Request is missing Authentication Token'
  if (types[code] === 'UnrecognizedClientException') return 'The security token included in the request is invalid.'
  // The SDK recognises a wrong clock by these words and corrects its own.
  if (code === 'RequestTimeTooSkewed') return `Signature expired: ${message}`
  return message
}
