import { Failure, messageOf } from '../../../../shared/failure.ts'

/** What the driver says, on one line, without the address of a page that explains the number. */
export function wordsOf(error: unknown): string {
  return messageOf(error)
    .replaceAll(/\nHelp: \S+/g, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ')
}

/** The database refused a statement, with an ORA number. */
export class StatementError extends Error {
  readonly number: number

  constructor(number: number, cause: unknown) {
    super(wordsOf(cause), { cause })
    this.name = 'StatementError'
    this.number = number
  }
}

/** Nothing more can be asked of this connection, and what was asked last may have been done or not. */
export class ConnectionLost extends Error {
  constructor(cause: unknown) {
    super(`the connection was lost: ${wordsOf(cause)}`, { cause })
    this.name = 'ConnectionLost'
  }
}

/** A statement took longer than it may, and was broken off; whether it was done is not known. */
export class TimedOut extends Error {
  constructor(seconds: number) {
    super(`there was no answer within ${seconds} seconds`)
    this.name = 'TimedOut'
  }
}

/** What the driver says where the connection is gone. */
const lostCodes = new Set(['NJS-003', 'NJS-500', 'NJS-501', 'NJS-503'])
/** Killed, not logged on, not available, shutting down, aborted, end of file, not connected, lost contact, idle for too long, TNS: lost. */
const lostNumbers = new Set([28, 1012, 1034, 1089, 1090, 1092, 2396, 2399, 3113, 3114, 3135, 12_537, 12_547, 12_570])

/** What the driver threw, as one of ours. */
export function asOurs(error: unknown): unknown {
  const { code, errorNum } = error as { code?: string; errorNum?: number }
  if (lostCodes.has(code ?? '') || lostNumbers.has(errorNum ?? 0)) return new ConnectionLost(error)
  if (errorNum) return new StatementError(errorNum, error)
  return error
}

/** What was thrown where only a Failure may leave. */
export function explain(error: unknown): unknown {
  if (error instanceof ConnectionLost)
    return new Failure('oracle-lost', 'The connection to the Oracle database was lost', {
      why: wordsOf(error.cause),
      fix: 'See in its alert log why, and run the backup again',
      retriable: true,
      cause: error,
    })
  if (error instanceof TimedOut)
    return new Failure('oracle-silent', 'The Oracle database does not answer', {
      why: error.message,
      fix: 'See in its alert log what it waits for, and run the backup again',
      retriable: true,
      cause: error,
    })
  if (!(error instanceof StatementError)) return error
  const right = rightsErrors.has(error.number)
  return new Failure(right ? 'oracle-missing-right' : 'oracle-refused', 'The Oracle database refused a statement', {
    why: error.message,
    fix: right ? 'failsafe doctor names each right that is missing, with its GRANT' : 'Look with: failsafe doctor',
    cause: error,
  })
}

/** Insufficient privileges; and what is not there for whoever may not see it. */
const rightsErrors = new Set([942, 1031])
