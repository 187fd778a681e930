import { crc32 } from 'node:zlib'
import { eventType, headerLength } from '../log/event-header.ts'
import type { Unchecked } from './filter.ts'
import type { Table } from './statement.ts'

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
const noForeignKeyChecks = 2
/** @param type of an event that holds rows */
export function changeOf(type: number): 'INSERT' | 'UPDATE' | 'DELETE' {
  if (type === eventType.writeRows || type === eventType.writeRowsV1) return 'INSERT'
  return type === eventType.deleteRows || type === eventType.deleteRowsV1 ? 'DELETE' : 'UPDATE'
}

function isUnchecked(type: number, unchecked: Unchecked = 'none'): boolean {
  const change = changeOf(type)
  return (change === 'INSERT' && unchecked !== 'none') || (change === 'UPDATE' && unchecked === 'inserts-and-updates')
}

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
  #unchecked = new Map<string, Unchecked>()
  #rows: Buffer[] = []
  #length = 0

  /** @param checksums whether the log's description says that events have them */
  constructor(checksums: () => boolean) {
    this.#checksums = checksums
  }

  /** Body: number of the table (6), flags (2), then length, name and a 0 of the database and of the table. */
  static tableOf(event: Buffer): Table {
    const at = headerLength + 8
    const nameAt = at + event[at]! + 2
    return {
      database: event.toString('utf8', at + 1, at + 1 + event[at]!),
      name: event.toString('utf8', nameAt + 1, nameAt + 1 + event[nameAt]!),
    }
  }

  /** Of an event that describes a table or holds rows of it. */
  static idOf(event: Buffer): string {
    return event.toString('latin1', headerLength, headerLength + 6)
  }

  static endsStatement(event: Buffer): boolean {
    return (event.readUInt16LE(headerLength + 6) & endOfStatement) !== 0
  }

  addTable(event: Buffer, ignored: boolean, unchecked: Unchecked): void {
    const id = RowStatements.idOf(event)
    if (ignored) this.#ignored.add(id)
    else this.#tables.set(id, Buffer.from(event))
    if (unchecked !== 'none') this.#unchecked.set(id, unchecked)
  }

  /** @returns statements that are to be run now */
  addRows(event: Buffer): Buffer[] {
    const statements: Buffer[] = []
    const ends = RowStatements.endsStatement(event)
    const id = RowStatements.idOf(event)
    if (!this.#ignored.has(id)) {
      if (this.#rows.length > 0 && this.#length + event.length > chunkLimit) statements.push(this.#statement())
      const rows = Buffer.from(event)
      if (isUnchecked(event[4]!, this.#unchecked.get(id)))
        rows.writeUInt16LE(rows.readUInt16LE(headerLength + 6) | noForeignKeyChecks, headerLength + 6)
      this.#rows.push(rows)
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
    this.#unchecked.clear()
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
