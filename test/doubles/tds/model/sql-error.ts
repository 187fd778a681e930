import { type Message, type MessageNumber, message } from './messages.ts'

/** A statement was refused: its messages in the order in which the server sends them, the cause first. */
export class SqlError extends Error {
  readonly messages: Message[]

  constructor(...messages: Message[]) {
    super(messages.map(each => `${each.number}: ${each.text}`).join(' '))
    this.messages = messages
  }
}

export function refused(number: MessageNumber, ...values: (string | number | bigint)[]): SqlError {
  return new SqlError(message(number, ...values))
}

/**
 * The same refusal with the 3013 that closes every failed BACKUP and RESTORE.
 * Source: reference 0.1, "which error does node-mssql throw"; Microsoft, "MSSQLSERVER_3013".
 *
 * @param what as the server names it: `BACKUP DATABASE`, `VERIFY DATABASE`, `RESTORE FILELIST`
 */
export function terminating(what: string, error: unknown): unknown {
  return error instanceof SqlError ? new SqlError(...error.messages, message(3013, what)) : error
}
