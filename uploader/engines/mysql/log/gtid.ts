import { eventType, headerLength } from './event-header.ts'
import { readVariable } from './variable-length.ts'

/** Which transaction a group of events is, and when it was committed. */
export interface GroupStart {
  /** MySQL: `uuid:7` or `uuid:tag:7`; MariaDB: `0-1-7`; null where the server numbers none. */
  gtid: string | null
  /** Microseconds since 1970 where the log has them (MySQL 8); else null, and the events' seconds count. */
  committedAt: bigint | null
  /** MariaDB's ALTER in two phases: only the commit of one is carried out. */
  alter: 'start' | 'rollback' | null
}

/** @param event the whole event; any type of GTID */
export function parseGroupStart(type: number, event: Buffer): GroupStart {
  switch (type) {
    case eventType.mariadbGtid:
      return parseMariadb(event)
    case eventType.taggedGtid:
      return parseTagged(event)
    default:
      return parseMysql(type, event)
  }
}

/** Body: sequence (8), domain (4), flags (1), a commit id (8) where flagged, an XID where flagged, more flags (1). */
function parseMariadb(event: Buffer): GroupStart {
  const at = headerLength
  const flags = event[at + 12]!
  const gtid = `${event.readUInt32LE(at + 8)}-${event.readUInt32LE(5)}-${event.readBigUInt64LE(at)}`
  let more = at + 13
  if ((flags & 0x02) !== 0) more += 8
  if ((flags & 0xc0) !== 0) more += 6 + event[more + 4]! + event[more + 5]!
  const extra = event[more] ?? 0
  return {
    gtid,
    committedAt: null,
    alter: (extra & 0x02) !== 0 ? 'start' : (extra & 0x08) !== 0 ? 'rollback' : null,
  }
}

/** Body: flags (1), UUID (16), number (8), 2 (1), logical clock (8 + 8), time of commit (7, the highest bit flags a second one). 5.7 ends before the time. */
function parseMysql(type: number, event: Buffer): GroupStart {
  const at = headerLength
  const gtid = type === eventType.anonymousGtid ? null : `${uuidOf(event, at + 1)}:${event.readBigUInt64LE(at + 17)}`
  const timeAt = at + 42
  const committedAt = event.length >= timeAt + 7 ? sevenBytes(event, timeAt) & ~(1n << 55n) : null
  return { gtid, committedAt, alter: null }
}

/** A list of fields, each led in by its number; only the first seven are needed. */
function parseTagged(event: Buffer): GroupStart {
  const reader = { bytes: event, at: headerLength }
  const next = () => readVariable(reader)
  const [, , , uuid] = [next(), next(), next(), Buffer.alloc(16)] // version, size, last field that must be known
  let number = 0n
  let tag = ''
  for (;;) {
    switch (next()) {
      case 0n:
        next() // flags
        break
      case 1n:
        for (let i = 0; i < 16; i++) uuid[i] = Number(next())
        break
      case 2n:
        number = next() >> 1n
        break
      case 3n: {
        const length = Number(next())
        tag = event.toString('latin1', reader.at, reader.at + length)
        reader.at += length
        break
      }
      case 4n:
      case 5n:
        next() // logical clock
        break
      case 6n: {
        const gtid = tag === '' ? `${uuidOf(uuid, 0)}:${number}` : `${uuidOf(uuid, 0)}:${tag}:${number}`
        return { gtid, committedAt: next(), alter: null }
      }
      default:
        throw new Error('a GTID event has an unknown field')
    }
  }
}

/** The set of transactions before a file, from its second event. @param event the whole event */
export function gtidsBefore(type: number, event: Buffer): string {
  return type === eventType.mariadbGtidList ? mariadbList(event) : mysqlSet(event)
}

/** Body: count (4, of which the highest bits are flags), then domain (4), server (4), sequence (8) of each. */
function mariadbList(event: Buffer): string {
  const count = event.readUInt32LE(headerLength) & 0x0fffffff
  const list: string[] = []
  for (let i = 0, at = headerLength + 4; i < count; i++, at += 16)
    list.push(`${event.readUInt32LE(at)}-${event.readUInt32LE(at + 4)}-${event.readBigUInt64LE(at + 8)}`)
  return list.join(',')
}

/** Body: number of sources (8; where there are tags, the first byte is 1 and so is the last), then of each UUID (16), tag, number of intervals (8), intervals. */
function mysqlSet(event: Buffer): string {
  const reader = { bytes: event, at: headerLength + 8 }
  const counted = event.readBigUInt64LE(headerLength)
  const tagged = event[headerLength + 7] === 1
  const sources = Number(tagged ? (counted >> 8n) & 0xffffffffffffn : counted)
  const sets: string[] = []
  for (let i = 0; i < sources; i++) {
    let name = uuidOf(event, reader.at)
    reader.at += 16
    if (tagged) {
      const length = Number(readVariable(reader))
      if (length > 0) name += `:${event.toString('latin1', reader.at, reader.at + length)}`
      reader.at += length
    }
    const intervals = Number(event.readBigUInt64LE(reader.at))
    reader.at += 8
    for (let n = 0; n < intervals; n++, reader.at += 16) {
      const [first, end] = [event.readBigUInt64LE(reader.at), event.readBigUInt64LE(reader.at + 8) - 1n]
      name += first === end ? `:${first}` : `:${first}-${end}`
    }
    sets.push(name)
  }
  return sets.join(',')
}

function uuidOf(bytes: Buffer, at: number): string {
  const hex = bytes.toString('hex', at, at + 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function sevenBytes(bytes: Buffer, at: number): bigint {
  return BigInt(bytes.readUIntLE(at, 6)) | (BigInt(bytes[at + 6]!) << 48n)
}
