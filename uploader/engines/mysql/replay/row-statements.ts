import { crc32 } from 'node:zlib'
import { eventType, headerLength } from '../log/event-header.ts'

const rowTypes = new Set<number>([
  eventType.writeRowsV1,
  eventType.updateRowsV1,
  eventType.deleteRowsV1,
  eventType.writeRows,
  eventType.updateRows,
  eventType.deleteRows,
  eventType.partialUpdateRows,
])

export function isRows(type: number): boolean {
  return rowTypes.has(type)
}

const endOfStatement = 1
/** Bytes of events in one statement; a single longer event is one by itself. */
const chunkLimit = 512 * 1024

/**
 * Gathers the events that changed rows into `BINLOG '…'` statements: the tables first, then rows. Long ones are cut into several, each with its
 * tables and marked as ended, so that the server lets go of what it holds.
 */
export class RowStatements {
  readonly #checksums: () => boolean
  #tables = new Map<string, Buffer>()
  #ignored = new Set<string>()
  #rows: Buffer[] = []
  #length = 0

  /** @param checksums whether the log's description says that events have them */
  constructor(checksums: () => boolean) {
    this.#checksums = checksums
  }

  /** @returns the database that the event's table is in */
  static databaseOf(event: Buffer): string {
    const at = headerLength + 8
    return event.toString('utf8', at + 1, at + 1 + event[at]!)
  }

  addTable(event: Buffer, ignored: boolean): void {
    const id = idOf(event)
    if (ignored) this.#ignored.add(id)
    else this.#tables.set(id, Buffer.from(event))
  }

  /** @returns statements that are to be run now */
  addRows(event: Buffer): Buffer[] {
    const statements: Buffer[] = []
    const ends = (event.readUInt16LE(headerLength + 6) & endOfStatement) !== 0
    if (!this.#ignored.has(idOf(event))) {
      if (this.#rows.length > 0 && this.#length + event.length > chunkLimit) statements.push(this.#statement())
      this.#rows.push(Buffer.from(event))
      this.#length += event.length
    }
    if (ends) {
      if (this.#rows.length > 0) statements.push(this.#statement())
      this.clear()
    }
    return statements
  }

  clear(): void {
    this.#tables.clear()
    this.#ignored.clear()
    this.#rows = []
    this.#length = 0
  }

  #statement(): Buffer {
    const last = this.#rows.at(-1)!
    last.writeUInt16LE(last.readUInt16LE(headerLength + 6) | endOfStatement, headerLength + 6)
    const statement = binlog(
      [...this.#tables.values(), ...this.#rows].map(event => withChecksum(event, this.#checksums())),
    )
    this.#rows = []
    this.#length = 0
    return statement
  }
}

export function binlog(events: Buffer[]): Buffer {
  return Buffer.from(`BINLOG '${events.map(event => event.toString('base64')).join('\n')}'`, 'latin1')
}

function withChecksum(event: Buffer, checksums: boolean): Buffer {
  const size = event.length + (checksums ? 4 : 0)
  event.writeUInt32LE(size, 9)
  if (!checksums) return event
  const trailer = Buffer.alloc(4)
  trailer.writeUInt32LE(crc32(event))
  return Buffer.concat([event, trailer])
}

const idOf = (event: Buffer) => event.toString('latin1', headerLength, headerLength + 6)
