/** The errors of the service that callers can tell apart; the namespace in front of each is what AWS sends as `__type`. */
const namespaces = {
  ValidationException: 'com.amazon.coral.validate',
  SerializationException: 'com.amazon.coral.service',
  UnknownOperationException: 'com.amazon.coral.service',
  MissingAuthenticationTokenException: 'com.amazon.coral.service',
  IncompleteSignatureException: 'com.amazon.coral.service',
  InvalidSignatureException: 'com.amazon.coral.service',
  UnrecognizedClientException: 'com.amazon.coral.service',
  ExpiredTokenException: 'com.amazon.coral.service',
  AccessDeniedException: 'com.amazon.coral.service',
  RequestEntityTooLargeException: 'com.amazon.coral.service',
  InternalServerError: 'com.amazonaws.dynamodb.v20120810',
  ConditionalCheckFailedException: 'com.amazonaws.dynamodb.v20120810',
  IdempotentParameterMismatchException: 'com.amazonaws.dynamodb.v20120810',
  ResourceInUseException: 'com.amazonaws.dynamodb.v20120810',
  ResourceNotFoundException: 'com.amazonaws.dynamodb.v20120810',
  TransactionCanceledException: 'com.amazonaws.dynamodb.v20120810',
}

export type ErrorType = keyof typeof namespaces

const statuses: Partial<Record<ErrorType, number>> = { InternalServerError: 500, RequestEntityTooLargeException: 413 }

/** An answer of the service that is an error. Whatever else is thrown becomes InternalServerError and is logged. */
export class DynamodbError extends Error {
  readonly type: ErrorType
  /** Further members of the answer, e.g. `Item` or `CancellationReasons`. */
  readonly members: Record<string, unknown>

  constructor(type: ErrorType, message: string, members: Record<string, unknown> = {}) {
    super(message)
    this.name = type
    this.type = type
    this.members = members
  }

  get status(): number {
    return statuses[this.type] ?? 400
  }

  body(): Record<string, unknown> {
    return { __type: `${namespaces[this.type]}#${this.type}`, message: this.message, ...this.members }
  }
}

export function invalid(message: string): DynamodbError {
  return new DynamodbError('ValidationException', message)
}

/** The prefix that AWS puts before most complaints about a value. */
export function invalidValue(message: string): DynamodbError {
  return invalid(`One or more parameter values were invalid: ${message}`)
}
