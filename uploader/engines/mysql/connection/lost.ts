import { Failure } from '../../../../shared/failure.ts'

/** A connection that ended without being asked to: nothing more can be asked of it. */
export class ConnectionLost extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause })
    this.name = 'ConnectionLost'
  }
}

/** For where nothing more is to be said than that it was lost; any other error stays what it is. */
export function explainLost(error: unknown): unknown {
  if (!(error instanceof ConnectionLost)) return error
  return new Failure('mysql-connection-lost', 'The connection to the MySQL server was lost', {
    why: error.message,
    fix: 'Look for a restart, a KILL or a timeout in the server’s error log, then run the backup again',
    retriable: true,
    cause: error,
  })
}
