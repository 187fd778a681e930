import { isZoned } from '../query/convert.ts'
import type { SqlType, SqlValue } from '../query/types.ts'
import { collation, daysFrom1, daysFrom1900, msPerDay, textTokens, timeSize, token, wide } from './type-tokens.ts'

const wholeSizes = { tinyint: 1, smallint: 2, int: 4, bigint: 8 } as const

function numericSize(precision: number): number {
  if (precision <= 9) return 5
  if (precision <= 19) return 9
  return precision <= 28 ? 13 : 17
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

function timeAndDate(milliseconds: number, scale: number): Buffer {
  const days = Math.floor(milliseconds / msPerDay)
  const size = timeSize(scale)
  const data = Buffer.alloc(size + 3)
  data.writeUIntLE(Math.round(((milliseconds - days * msPerDay) / 1000) * 10 ** scale), 0, size)
  data.writeUIntLE(days + daysFrom1, size, 3)
  return data
}
