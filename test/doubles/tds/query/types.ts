import type { TypeName } from '../language/syntax.ts'
import { refused } from '../model/sql-error.ts'

/** Data types of T-SQL, as far as the double has values of them. `max` is a length of -1. */
export type SqlType =
  | { name: 'bit' | 'tinyint' | 'smallint' | 'int' | 'bigint' | 'real' | 'float' | 'datetime' | 'uniqueidentifier' }
  | { name: 'char' | 'varchar' | 'nchar' | 'nvarchar' | 'binary' | 'varbinary'; length: number }
  | { name: 'numeric'; precision: number; scale: number }
  | { name: 'datetime2' | 'datetimeoffset'; scale: number }

/** A datetimeoffset: the wall clock, in milliseconds as if it were UTC, and its distance from UTC in minutes. */
export interface Zoned {
  local: number
  offset: number
}

/**
 * A value of T-SQL. bigint: `bigint`, and `numeric` without its decimal point. number: the other numbers, and times as
 * milliseconds of the wall clock. uniqueidentifier: 36 characters in upper case.
 */
export type SqlValue = null | number | bigint | string | Uint8Array | Zoned

export const bit: SqlType = { name: 'bit' }
export const tinyint: SqlType = { name: 'tinyint' }
export const smallint: SqlType = { name: 'smallint' }
export const int: SqlType = { name: 'int' }
export const bigint: SqlType = { name: 'bigint' }
export const real: SqlType = { name: 'real' }
export const datetime: SqlType = { name: 'datetime' }
export const uniqueidentifier: SqlType = { name: 'uniqueidentifier' }
export const nvarchar = (length: number): SqlType => ({ name: 'nvarchar', length })
export const varchar = (length: number): SqlType => ({ name: 'varchar', length })
export const char = (length: number): SqlType => ({ name: 'char', length })
export const varbinary = (length: number): SqlType => ({ name: 'varbinary', length })
export const numeric = (precision: number, scale = 0): SqlType => ({ name: 'numeric', precision, scale })
/** sysname. */
export const sysname = nvarchar(128)
/** What an LSN is in every catalogue view. */
export const lsnType = numeric(25)

export function isText(type: SqlType): boolean {
  return ['char', 'varchar', 'nchar', 'nvarchar'].includes(type.name)
}

/** From the widest: what two operands become. Source: Microsoft, "Data type precedence (Transact-SQL)". */
const precedence: SqlType['name'][] = [
  'datetimeoffset',
  'datetime2',
  'datetime',
  'float',
  'real',
  'numeric',
  'bigint',
  'int',
  'smallint',
  'tinyint',
  'bit',
  'uniqueidentifier',
  'nvarchar',
  'nchar',
  'varchar',
  'char',
  'varbinary',
  'binary',
]

export function commonType(one: SqlType, other: SqlType): SqlType {
  const [wide, narrow] = precedence.indexOf(one.name) <= precedence.indexOf(other.name) ? [one, other] : [other, one]
  if ('length' in wide && 'length' in narrow) {
    const length = wide.length === -1 || narrow.length === -1 ? -1 : Math.max(wide.length, narrow.length)
    return { ...wide, length }
  }
  if (wide.name === 'numeric' && narrow.name === 'numeric') {
    const scale = Math.max(wide.scale, narrow.scale)
    const whole = Math.max(wide.precision - wide.scale, narrow.precision - narrow.scale)
    return numeric(Math.min(38, whole + scale), scale)
  }
  return wide
}

/** @param fallback length of a text without one: 1 in a declaration, 30 in CONVERT. Source: Microsoft, "char and varchar". @throws SqlError 243 */
export function typeOf({ name, arguments: [first, second] }: TypeName, fallback: number): SqlType {
  switch (name) {
    case 'bit':
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'real':
    case 'float':
    case 'datetime':
    case 'uniqueidentifier':
      return { name }
    case 'integer':
      return int
    case 'char':
    case 'varchar':
    case 'nchar':
    case 'nvarchar':
    case 'binary':
    case 'varbinary':
      return { name, length: first ?? fallback }
    case 'sysname':
      return sysname
    case 'decimal':
    case 'dec':
    case 'numeric':
      return numeric(first ?? 18, second ?? 0)
    case 'datetime2':
    case 'datetimeoffset':
      return { name, scale: first ?? 7 }
    default:
      throw refused(243, name)
  }
}
