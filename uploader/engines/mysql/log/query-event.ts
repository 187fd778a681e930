import { headerLength } from './event-header.ts'

/** A statement as the log has it. Its text is in the character set of `status`. */
export interface QueryEvent {
  threadId: number
  errorCode: number
  database: Buffer
  status: Buffer
  text: Buffer
}

/**
 * Body: thread (4), seconds (4), length of the database's name (1), error (2), length of the status variables (2), these, name, 0, text.
 * @param event without its checksum; may be cut off behind the start of the text
 */
export function parseQuery(event: Buffer): QueryEvent {
  const databaseLength = event[headerLength + 8]!
  const statusLength = event.readUInt16LE(headerLength + 11)
  const statusAt = headerLength + 13
  const databaseAt = statusAt + statusLength
  const textAt = databaseAt + databaseLength + 1
  return {
    threadId: event.readUInt32LE(headerLength),
    errorCode: event.readUInt16LE(headerLength + 9),
    status: event.subarray(statusAt, databaseAt),
    database: event.subarray(databaseAt, databaseAt + databaseLength),
    text: event.subarray(textAt),
  }
}
