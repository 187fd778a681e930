import type { SqlType } from '../query/types.ts'

/** Type tokens. Source: MS-TDS 2.2.5.4. */
export const token = {
  guid: 0x24,
  intN: 0x26,
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

export const textTokens = {
  char: token.char,
  varchar: token.varchar,
  nchar: token.nchar,
  nvarchar: token.nvarchar,
  binary: token.binary,
  varbinary: token.varbinary,
} as const
export const msPerDay = 86_400_000
/** Days from 1900-01-01, and from 0001-01-01, to 1970-01-01. */
export const daysFrom1900 = 25_567
export const daysFrom1 = 719_162

export const wide = (type: SqlType) => type.name === 'nchar' || type.name === 'nvarchar'

/** Bytes of a time of day. */
export function timeSize(scale: number): number {
  if (scale <= 2) return 3
  return scale <= 4 ? 4 : 5
}
