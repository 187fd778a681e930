import type { Release } from '../model/edition.ts'
import type { Message } from '../model/messages.ts'
import type { SqlType, SqlValue } from '../query/types.ts'
import { collation } from './type-tokens.ts'
import { writeType, writeValue } from './write-value.ts'

/** Tokens of a reply. Source: MS-TDS 2.2.7. */
const token = {
  returnStatus: 0x79,
  columns: 0x81,
  error: 0xaa,
  info: 0xab,
  loginAck: 0xad,
  returnValue: 0xac,
  row: 0xd1,
  change: 0xe3,
  authentication: 0xed,
  done: 0xfd,
  doneProcedure: 0xfe,
  doneInProcedure: 0xff,
} as const

export const doneStatus = { more: 0x01, error: 0x02, count: 0x10, attention: 0x20 } as const

const byte = (value: number) => Buffer.from([value])

function word(value: number): Buffer {
  const data = Buffer.alloc(2)
  data.writeUInt16LE(value)
  return data
}

function long(value: number): Buffer {
  const data = Buffer.alloc(4)
  data.writeInt32LE(value)
  return data
}

/** Lengths count characters. */
const shortText = (text: string) => Buffer.concat([byte(text.length), Buffer.from(text, 'utf16le')])
const longText = (text: string) => Buffer.concat([word(text.length), Buffer.from(text, 'utf16le')])

function sized(kind: number, ...parts: Buffer[]): Buffer {
  const data = Buffer.concat(parts)
  return Buffer.concat([byte(kind), word(data.length), data])
}

/** Severities above 10 are errors. */
export function isError(message: Message): boolean {
  return message.severity > 10
}

export function messageToken(message: Message, serverName: string): Buffer {
  return sized(
    isError(message) ? token.error : token.info,
    long(message.number),
    byte(message.state),
    byte(message.severity),
    longText(message.text),
    shortText(serverName),
    shortText(''),
    long(1),
  )
}

const change = { database: 1, packetSize: 4, collation: 7, begin: 8, commit: 9, rollback: 10, reset: 18 } as const

export function databaseChange(name: string, before: string): Buffer {
  return sized(token.change, byte(change.database), shortText(name), shortText(before))
}

export function packetSizeChange(size: number): Buffer {
  return sized(token.change, byte(change.packetSize), shortText(String(size)), shortText(String(size)))
}

export function collationChange(): Buffer {
  return sized(token.change, byte(change.collation), byte(collation.length), collation, byte(0))
}

export function resetChange(): Buffer {
  return sized(token.change, byte(change.reset), byte(0), byte(0))
}

/** The descriptor of the one transaction that a connection may have. */
const descriptor = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])

export function transactionChange(action: 'begin' | 'commit' | 'rollback'): Buffer {
  const transaction = Buffer.concat([byte(descriptor.length), descriptor])
  return action === 'begin'
    ? sized(token.change, byte(change.begin), transaction, byte(0))
    : sized(token.change, byte(change[action]), byte(0), transaction)
}

/** TDS 7.4. */
const tdsVersion = Buffer.from([0x74, 0x00, 0x00, 0x04])

export function loginAck(release: Release): Buffer {
  const version = Buffer.from([release.major, release.minor, release.build >> 8, release.build & 0xff])
  return sized(token.loginAck, byte(1), tdsVersion, shortText('Microsoft SQL Server'), version)
}

/** A step of Windows' login. Source: MS-TDS 2.2.7.22, SSPI. */
export function authenticationToken(data: Buffer): Buffer {
  return sized(token.authentication, data)
}

const nullable = 0x01

export function columnsToken(columns: { name: string; type: SqlType }[]): Buffer {
  const each = columns.map(({ name, type }) => {
    return Buffer.concat([long(0), word(nullable), writeType(type), shortText(name)])
  })
  return Buffer.concat([byte(token.columns), word(columns.length), ...each])
}

export function rowToken(values: SqlValue[], columns: { type: SqlType }[]): Buffer {
  return Buffer.concat([byte(token.row), ...values.map((value, at) => writeValue(value, columns[at]!.type))])
}

export function returnStatus(value: number): Buffer {
  return Buffer.concat([byte(token.returnStatus), long(value)])
}

/** A parameter that the client wants back. Source: MS-TDS 2.2.7.19. */
export function returnValue(name: string, type: SqlType, value: SqlValue): Buffer {
  return Buffer.concat([
    byte(token.returnValue),
    word(0),
    shortText(name),
    byte(1),
    long(0),
    word(0),
    writeType(type),
    writeValue(value, type),
  ])
}

export type DoneKind = 'done' | 'doneInProcedure' | 'doneProcedure'

export function doneToken(kind: DoneKind, status: number, rows = 0): Buffer {
  const count = Buffer.alloc(8)
  count.writeBigUInt64LE(BigInt(rows))
  return Buffer.concat([byte(token[kind]), word(status), word(0), count])
}
