import { refused } from '../model/sql-error.ts'
import { isZoned } from '../query/convert.ts'
import type { SqlType, SqlValue } from '../query/types.ts'

/** Type tokens. Source: MS-TDS 2.2.5.4. */
const token = {
  guid: 0x24,
  intN: 0x26,
  dateN: 0x28,
  datetime2N: 0x2a,
  datetimeoffsetN: 0x2b,
  bitN: 0x68,
  decimalN: 0x6a,
  numericN: 0x6c,
  floatN: 0x6d,
  datetimeN: 0x6f,
  varbinary: 0xa5,
  varchar: 0xa7,
  binary: 0xad,
  char: 0xaf,
  nvarchar: 0xe7,
  nchar: 0xef,
} as const

/** SQL_Latin1_General_CP1_CI_AS. */
export const collation = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34])

const textTokens = {
  char: token.char,
  varchar: token.varchar,
  nchar: token.nchar,
  nvarchar: token.nvarchar,
  binary: token.binary,
  varbinary: token.varbinary,
} as const
const wholeSizes = { tinyint: 1, smallint: 2, int: 4, bigint: 8 } as const
const msPerDay = 86_400_000
/** Days from 1900-01-01, and from 0001-01-01, to 1970-01-01. */
const daysFrom1900 = 25_567
const daysFrom1 = 719_162

const wide = (type: SqlType) => type.name === 'nchar' || type.name === 'nvarchar'

function numericSize(precision: number): number {
  if (precision <= 9) return 5
  if (precision <= 19) return 9
  return precision <= 28 ? 13 : 17
}

/** Bytes of a time of day. */
function timeSize(scale: number): number {
  if (scale <= 2) return 3
  return scale <= 4 ? 4 : 5
}

export function writeType(type: SqlType): Buffer {
  switch (type.name) {
    case 'bit':
      return Buffer.from([token.bitN, 1])
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
      return Buffer.from([token.intN, wholeSizes[type.name]])
    case 'real':
      return Buffer.from([token.floatN, 4])
    case 'float':
      return Buffer.from([token.floatN, 8])
    case 'datetime':
      return Buffer.from([token.datetimeN, 8])
    case 'uniqueidentifier':
      return Buffer.from([token.guid, 16])
    case 'numeric':
      return Buffer.from([token.numericN, numericSize(type.precision), type.precision, type.scale])
    case 'datetime2':
      return Buffer.from([token.datetime2N, type.scale])
    case 'datetimeoffset':
      return Buffer.from([token.datetimeoffsetN, type.scale])
    default: {
      const size = Buffer.alloc(3)
      size.writeUInt8(textTokens[type.name], 0)
      size.writeUInt16LE(type.length === -1 ? 0xffff : type.length * (wide(type) ? 2 : 1), 1)
      return type.name.endsWith('binary') ? size : Buffer.concat([size, collation])
    }
  }
}

export function writeValue(value: SqlValue, type: SqlType): Buffer {
  switch (type.name) {
    case 'char':
    case 'varchar':
    case 'nchar':
    case 'nvarchar':
    case 'binary':
    case 'varbinary':
      return type.length === -1 ? partial(bytesOf(value, type)) : counted(bytesOf(value, type))
    default:
      return value === null ? Buffer.from([0]) : short(fixed(value, type))
  }
}

function bytesOf(value: SqlValue, type: SqlType): Buffer | null {
  if (value === null) return null
  if (value instanceof Uint8Array) return Buffer.from(value)
  return Buffer.from(String(value), wide(type) ? 'utf16le' : 'latin1')
}

function short(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([data.length]), data])
}

function counted(data: Buffer | null): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16LE(data?.length ?? 0xffff)
  return data ? Buffer.concat([length, data]) : length
}

/** The max types come in pieces. Source: MS-TDS 2.2.5.2.3. */
function partial(data: Buffer | null): Buffer {
  const length = Buffer.alloc(8)
  if (!data) {
    length.fill(0xff)
    return length
  }
  length.writeBigUInt64LE(BigInt(data.length))
  const piece = Buffer.alloc(4)
  piece.writeUInt32LE(data.length)
  return Buffer.concat([length, ...(data.length > 0 ? [piece, data] : []), Buffer.alloc(4)])
}

function fixed(value: NonNullable<SqlValue>, type: SqlType): Buffer {
  const data = Buffer.alloc(8)
  switch (type.name) {
    case 'bit':
    case 'tinyint':
      return Buffer.from([Number(value)])
    case 'smallint':
      data.writeInt16LE(Number(value))
      return data.subarray(0, 2)
    case 'int':
      data.writeInt32LE(Number(value))
      return data.subarray(0, 4)
    case 'bigint':
      data.writeBigInt64LE(BigInt(value as bigint))
      return data
    case 'real':
      data.writeFloatLE(Number(value))
      return data.subarray(0, 4)
    case 'float':
      data.writeDoubleLE(Number(value))
      return data
    case 'datetime': {
      const milliseconds = Number(value)
      const days = Math.floor(milliseconds / msPerDay)
      data.writeInt32LE(days + daysFrom1900, 0)
      data.writeUInt32LE(Math.round((milliseconds - days * msPerDay) * 0.3), 4)
      return data
    }
    case 'numeric':
      return numericBytes(value as bigint, numericSize(type.precision))
    case 'uniqueidentifier':
      return guidBytes(String(value))
    case 'datetime2':
      return timeAndDate(Number(value), type.scale)
    case 'datetimeoffset': {
      const { local, offset } = isZoned(value) ? value : { local: Number(value), offset: 0 }
      const zone = Buffer.alloc(2)
      zone.writeInt16LE(offset)
      return Buffer.concat([timeAndDate(local - offset * 60_000, type.scale), zone])
    }
    default:
      throw new Error(`${type.name} has no fixed length`)
  }
}

function numericBytes(value: bigint, size: number): Buffer {
  const data = Buffer.alloc(size)
  data.writeUInt8(value < 0n ? 0 : 1)
  let rest = value < 0n ? -value : value
  for (let at = 1; at < size; at++) {
    data[at] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return data
}

/** The first three parts of a GUID are little endian. */
function guidBytes(text: string): Buffer {
  const data = Buffer.from(text.replaceAll('-', ''), 'hex')
  return Buffer.concat([
    data.subarray(0, 4).reverse(),
    data.subarray(4, 6).reverse(),
    data.subarray(6, 8).reverse(),
    data.subarray(8),
  ])
}

function guidText(data: Buffer): string {
  const hex = Buffer.concat([
    Buffer.from(data.subarray(0, 4)).reverse(),
    Buffer.from(data.subarray(4, 6)).reverse(),
    Buffer.from(data.subarray(6, 8)).reverse(),
    data.subarray(8),
  ]).toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-').toUpperCase()
}

function timeAndDate(milliseconds: number, scale: number): Buffer {
  const days = Math.floor(milliseconds / msPerDay)
  const size = timeSize(scale)
  const data = Buffer.alloc(size + 3)
  data.writeUIntLE(Math.round(((milliseconds - days * msPerDay) / 1000) * 10 ** scale), 0, size)
  data.writeUIntLE(days + daysFrom1, size, 3)
  return data
}

function readTimeAndDate(data: Buffer, scale: number): number {
  const size = timeSize(scale)
  const days = data.readUIntLE(size, 3) - daysFrom1
  return days * msPerDay + Math.floor((data.readUIntLE(0, size) / 10 ** scale) * 1000)
}

/** Reads what a client sends: a type, and then its value. */
export class ValueReader {
  readonly #data: Buffer
  at: number

  constructor(data: Buffer, at: number) {
    this.#data = data
    this.at = at
  }

  byte(): number {
    return this.#data[this.at++]!
  }

  word(): number {
    this.at += 2
    return this.#data.readUInt16LE(this.at - 2)
  }

  bytes(length: number): Buffer {
    this.at += length
    return this.#data.subarray(this.at - length, this.at)
  }

  get done(): boolean {
    return this.at >= this.#data.length
  }

  /** A name: its length in characters, then its characters. */
  name(): string {
    return this.bytes(2 * this.byte()).toString('utf16le')
  }

  /** @throws SqlError 243 for a type that the double does not know */
  typed(): { type: SqlType; value: SqlValue } {
    const type = this.#type()
    return { type, value: this.#value(type) }
  }

  #type(): SqlType {
    const kind = this.byte()
    switch (kind) {
      case token.bitN:
        this.byte()
        return { name: 'bit' }
      case token.intN: {
        const size = this.byte()
        return { name: (['tinyint', 'smallint', 'int', 'bigint'] as const)[Math.log2(size)]! }
      }
      case token.floatN:
        return { name: this.byte() === 4 ? 'real' : 'float' }
      case token.datetimeN:
        this.byte()
        return { name: 'datetime' }
      case token.guid:
        this.byte()
        return { name: 'uniqueidentifier' }
      case token.decimalN:
      case token.numericN: {
        this.byte()
        return { name: 'numeric', precision: this.byte(), scale: this.byte() }
      }
      case token.datetime2N:
        return { name: 'datetime2', scale: this.byte() }
      case token.datetimeoffsetN:
        return { name: 'datetimeoffset', scale: this.byte() }
      default:
        return this.#textType(kind)
    }
  }

  #textType(kind: number): SqlType {
    const name = (Object.keys(textTokens) as (keyof typeof textTokens)[]).find(each => textTokens[each] === kind)
    if (!name) throw refused(243, `0x${kind.toString(16)}`)
    const size = this.word()
    if (!name.endsWith('binary')) this.bytes(collation.length)
    const characters = name.startsWith('n') ? size / 2 : size
    return { name, length: size === 0xffff ? -1 : characters }
  }

  #value(type: SqlType): SqlValue {
    if ('length' in type) {
      const data = type.length === -1 ? this.#partial() : this.#counted()
      if (data === null || type.name.endsWith('binary')) return data
      return data.toString(wide(type) ? 'utf16le' : 'latin1')
    }
    const length = this.byte()
    return length === 0 ? null : fixedValue(this.bytes(length), type)
  }

  #counted(): Buffer | null {
    const length = this.word()
    return length === 0xffff ? null : this.bytes(length)
  }

  #partial(): Buffer | null {
    const length = this.bytes(8).readBigUInt64LE()
    if (length === 0xffff_ffff_ffff_ffffn) return null
    const pieces: Buffer[] = []
    while (true) {
      const size = this.bytes(4).readUInt32LE()
      if (size === 0) return Buffer.concat(pieces)
      pieces.push(this.bytes(size))
    }
  }
}

function fixedValue(data: Buffer, type: SqlType): SqlValue {
  switch (type.name) {
    case 'bit':
    case 'tinyint':
      return data[0]!
    case 'smallint':
      return data.readInt16LE()
    case 'int':
      return data.readInt32LE()
    case 'bigint':
      return data.readBigInt64LE()
    case 'real':
      return data.readFloatLE()
    case 'float':
      return data.readDoubleLE()
    case 'datetime':
      return (data.readInt32LE(0) - daysFrom1900) * msPerDay + Math.round(data.readUInt32LE(4) / 0.3)
    case 'uniqueidentifier':
      return guidText(data)
    case 'numeric': {
      const magnitude = [...data.subarray(1)].reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
      return data[0] === 1 ? magnitude : -magnitude
    }
    case 'datetime2':
      return readTimeAndDate(data, type.scale)
    case 'datetimeoffset': {
      const offset = data.readInt16LE(data.length - 2)
      return { local: readTimeAndDate(data, type.scale) + offset * 60_000, offset }
    }
    default:
      throw new Error(`${type.name} has no fixed length`)
  }
}
