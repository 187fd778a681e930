import { refused } from '../model/sql-error.ts'
import { formatTime, parseTime, roundToDatetime } from './times.ts'
import { isText, type SqlType, type SqlValue, type Zoned } from './types.ts'

const ranges = {
  bit: [0n, 1n],
  tinyint: [0n, 255n],
  smallint: [-32768n, 32767n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
} as const

/** A value of one type as a value of another. Source: Microsoft, "CAST and CONVERT (Transact-SQL)". @throws SqlError where the server refuses */
export function convert(value: SqlValue, from: SqlType, to: SqlType, style: number | null = null): SqlValue {
  if (value === null) return null
  switch (to.name) {
    case 'char':
    case 'varchar':
    case 'nchar':
    case 'nvarchar':
      return text(value, from, to, style)
    case 'binary':
    case 'varbinary':
      return binary(value, to.length, style)
    case 'bit':
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
      return whole(value, from, to.name)
    case 'numeric':
      return fixed(value, from, to.precision, to.scale)
    case 'real':
    case 'float':
      return Number(typeof value === 'bigint' && from.name === 'numeric' ? decimal(value, from.scale) : value)
    case 'datetime':
      return roundToDatetime(time(value))
    case 'datetime2':
      return time(value)
    case 'datetimeoffset':
      return isZoned(value) ? value : { local: time(value), offset: 0 }
    case 'uniqueidentifier':
      return guid(value)
  }
}

export function isZoned(value: SqlValue): value is Zoned {
  return typeof value === 'object' && value !== null && 'offset' in value
}

function time(value: SqlValue): number {
  if (typeof value === 'string') return parseTime(value)
  if (isZoned(value)) return value.local
  return Number(value)
}

/** numeric with its decimal point. */
function decimal(value: bigint, scale: number): string {
  if (scale === 0) return String(value)
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function plainText(value: NonNullable<SqlValue>, from: SqlType, style: number | null): string {
  switch (from.name) {
    case 'numeric':
      return decimal(value as bigint, from.scale)
    case 'datetime':
    case 'datetime2':
      return formatTime(value as number, style ?? 121)
    case 'datetimeoffset': {
      const { local, offset } = value as Zoned
      const minutes = Math.abs(offset)
      const zone = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
      // ISO 8601 has no space before the zone.
      const space = style === 126 ? '' : ' '
      return `${formatTime(local, style ?? 121)}${space}${offset < 0 ? '-' : '+'}${zone}`
    }
    case 'binary':
    case 'varbinary': {
      const hex = Buffer.from(value as Uint8Array)
        .toString('hex')
        .toUpperCase()
      if (style === 1) return `0x${hex}`
      return style === 2 ? hex : Buffer.from(value as Uint8Array).toString('latin1')
    }
    default:
      return String(value)
  }
}

function text(
  value: NonNullable<SqlValue>,
  from: SqlType,
  to: Extract<SqlType, { length: number }>,
  style: number | null,
) {
  const whole = plainText(value, from, style)
  const { length } = to
  if (length !== -1 && whole.length > length) {
    if (from.name === 'uniqueidentifier') throw refused(8170)
    if (['numeric', 'bigint', 'int', 'smallint', 'tinyint'].includes(from.name)) throw refused(8115, from.name, to.name)
  }
  const fitting = length === -1 ? whole : whole.slice(0, length)
  const padded = to.name === 'char' || to.name === 'nchar' ? fitting.padEnd(length) : fitting
  return to.name === 'nvarchar' || to.name === 'nchar' ? padded : padded.replaceAll(/[^\u0000-\u00ff]/g, '?')
}

function binary(value: NonNullable<SqlValue>, length: number, style: number | null): Uint8Array {
  if (value instanceof Uint8Array) return length === -1 ? value : value.subarray(0, length)
  if (typeof value !== 'string') throw refused(8114, 'numeric', 'varbinary')
  if (style === 2) return Buffer.from(value, 'hex')
  return style === 1 ? Buffer.from(value.slice(2), 'hex') : Buffer.from(value, 'latin1')
}

function whole(value: NonNullable<SqlValue>, from: SqlType, to: keyof typeof ranges): SqlValue {
  const exact = integer(value, from, to)
  if (to === 'bit') return exact === 0n ? 0 : 1
  const [low, high] = ranges[to]
  if (exact < low || exact > high) throw refused(8115, 'expression', to)
  return to === 'bigint' ? exact : Number(exact)
}

function integer(value: NonNullable<SqlValue>, from: SqlType, to: string): bigint {
  if (typeof value === 'bigint') return from.name === 'numeric' ? value / 10n ** BigInt(from.scale) : value
  if (typeof value === 'number') return BigInt(Math.trunc(value))
  if (typeof value === 'string' && isText(from)) {
    const trimmed = value.trim()
    if (/^[+-]?\d*$/.test(trimmed)) return BigInt(trimmed.replace('+', '') || 0)
    throw refused(245, from.name, value, to)
  }
  throw refused(8114, from.name, to)
}

function fixed(value: NonNullable<SqlValue>, from: SqlType, precision: number, scale: number): bigint {
  const exact = scaled(value, from, scale)
  if (exact >= 10n ** BigInt(precision) || exact <= -(10n ** BigInt(precision))) {
    throw refused(8115, from.name, 'numeric')
  }
  return exact
}

function scaled(value: NonNullable<SqlValue>, from: SqlType, scale: number): bigint {
  if (typeof value === 'bigint') {
    const own = from.name === 'numeric' ? from.scale : 0
    return own <= scale ? value * 10n ** BigInt(scale - own) : value / 10n ** BigInt(own - scale)
  }
  if (typeof value === 'number') return BigInt(Math.round(value * 10 ** scale))
  if (typeof value === 'string') {
    const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?\s*$/.exec(value)
    if (!match) throw refused(8114, from.name, 'numeric')
    const digits = `${match[2]}${(match[3] ?? '').padEnd(scale, '0').slice(0, scale)}`
    return BigInt(`${match[1] === '-' ? '-' : ''}${digits || 0}`)
  }
  throw refused(8114, from.name, 'numeric')
}

function guid(value: NonNullable<SqlValue>): string {
  const match = /^\{?([\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12})\}?\s*$/i.exec(String(value))
  if (!match) throw refused(8169)
  return match[1]!.toUpperCase()
}
