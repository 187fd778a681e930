import { Failure, messageOf } from '../../../../shared/failure.ts'

/** One message of the server. */
export interface ServerMessage {
  number: number
  message: string
}

/** The server refused a statement. The last message of a failed BACKUP only says that it ended: the cause came before it. */
export class StatementError extends Error {
  readonly messages: readonly ServerMessage[]

  constructor(messages: readonly ServerMessage[], cause: unknown) {
    super(messages.map(({ number, message }) => `${message} (${number})`).join(' '), { cause })
    this.name = 'StatementError'
    this.messages = messages
  }

  has(number: number): boolean {
    return this.messages.some(message => message.number === number)
  }

  /** The first of these numbers that is among the messages. */
  firstOf(numbers: Iterable<number>): number | undefined {
    for (const number of numbers) if (this.has(number)) return number
    return undefined
  }
}

/** Nothing more can be asked of this connection. */
export class ConnectionLost extends Error {
  constructor(cause: unknown) {
    super(`the connection was lost: ${messageOf(cause)}`, { cause })
    this.name = 'ConnectionLost'
  }
}

/** A statement was stopped by us. */
export class Cancelled extends Error {}

/** What was thrown where only a Failure may leave. */
export function explain(error: unknown): unknown {
  if (error instanceof ConnectionLost)
    return new Failure('sqlserver-lost', 'The connection to the SQL Server was lost', {
      why: messageOf(error.cause),
      fix: 'See in its error log why, and run the backup again',
      retriable: true,
      cause: error,
    })
  if (error instanceof StatementError)
    return new Failure('sqlserver-refused', 'The SQL Server refused a statement', {
      why: error.message,
      fix: 'Look with: failsafe doctor',
      cause: error,
    })
  return error
}
