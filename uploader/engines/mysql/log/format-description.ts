import { checksumLength, headerLength } from './event-header.ts'

/** What the first event of a log says of all that follow. */
export interface FormatDescription {
  /** e.g. `10.11.19-MariaDB-log` */
  serverVersion: string
  /** Unix seconds: when the file was begun. Two files of one name that differ in it are not the same file. */
  created: number
  checksum: 'CRC32' | 'NONE'
  /** Bytes of the fixed part of each type's body, by type. */
  postHeaderLengths: Buffer
}

/**
 * Body: version (2), server version (50), created (4), header length (1), one byte per type, checksum algorithm (1), checksum (4).
 * The last two are always there from MySQL 5.6 and MariaDB 5.3 on, whatever the algorithm.
 * @param event the whole event
 */
export function parseFormatDescription(event: Buffer): FormatDescription {
  const body = event.subarray(headerLength)
  const name = body.subarray(2, 52)
  const end = name.indexOf(0)
  const algorithmAt = event.length - checksumLength - 1
  return {
    serverVersion: name.toString('latin1', 0, end < 0 ? name.length : end),
    created: event.readUInt32LE(0),
    checksum: event[algorithmAt] === 1 ? 'CRC32' : 'NONE',
    postHeaderLengths: event.subarray(headerLength + 57, algorithmAt),
  }
}
