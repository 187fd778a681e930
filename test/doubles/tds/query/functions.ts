import { refused } from '../model/sql-error.ts'
import type { ScalarFunction } from './context.ts'
import { convert, isZoned } from './convert.ts'
import { literally } from './like.ts'
import { int, nvarchar, type SqlType, type SqlValue } from './types.ts'

type Evaluate = (values: SqlValue[], types: SqlType[]) => SqlValue

/** A function whose result has always the same type, and is NULL when an argument is. */
function strict(arity: [number, number], type: SqlType, evaluate: Evaluate): ScalarFunction {
  return {
    arity,
    type: () => type,
    evaluate: (values, types) => (values.includes(null) ? null : evaluate(values, types)),
  }
}

const long = nvarchar(4000)
const moment: SqlType = { name: 'datetime2', scale: 7 }

/** The text of a value, as a function takes it that wants one. */
function text(values: SqlValue[], types: SqlType[], at = 0): string {
  return convert(values[at]!, types[at]!, long) as string
}

function texts(arity: [number, number], make: (...texts: string[]) => string): ScalarFunction {
  return strict(arity, long, (values, types) => make(...values.map((_, at) => text(values, types, at))))
}

/** Source: Microsoft, "QUOTENAME (Transact-SQL)": NULL for a name of more than 128 characters. */
function quoteName(name: string, quote: string): string | null {
  if (name.length > 128) return null
  const [open, close] = { "'": ["'", "'"], '"': ['"', '"'] }[quote] ?? ['[', ']']
  return `${open}${name.replaceAll(close!, `${close}${close}`)}${close}`
}

function datePart(part: SqlValue, value: SqlValue): number {
  const local = new Date(isZoned(value) ? value.local : Number(value))
  switch (part) {
    case 'tz':
    case 'tzoffset':
      return isZoned(value) ? value.offset : 0
    case 'year':
    case 'yyyy':
    case 'yy':
      return local.getUTCFullYear()
    case 'month':
    case 'mm':
      return local.getUTCMonth() + 1
    case 'day':
    case 'dd':
      return local.getUTCDate()
    case 'hour':
    case 'hh':
      return local.getUTCHours()
    case 'minute':
    case 'mi':
      return local.getUTCMinutes()
    case 'second':
    case 'ss':
      return local.getUTCSeconds()
    default:
      throw refused(155, String(part), 'datepart')
  }
}

const spans: Record<string, number> = {
  day: 86_400_000,
  dd: 86_400_000,
  hour: 3_600_000,
  hh: 3_600_000,
  minute: 60_000,
  mi: 60_000,
  second: 1000,
  ss: 1000,
  millisecond: 1,
  ms: 1,
}

function span(part: SqlValue): number {
  const found = spans[String(part)]
  if (!found) throw refused(155, String(part), 'datepart')
  return found
}

/** The function counts the boundaries between two times. Source: Microsoft, "DATEDIFF (Transact-SQL)". */
function dateDifference(part: SqlValue, from: SqlValue, to: SqlValue): number {
  const size = span(part)
  return Math.floor(Number(to) / size) - Math.floor(Number(from) / size)
}

/** Functions that ask neither the server nor the session. */
export const functions: Record<string, ScalarFunction | undefined> = {
  upper: texts([1, 1], value => value.toUpperCase()),
  lower: texts([1, 1], value => value.toLowerCase()),
  ltrim: texts([1, 1], value => value.trimStart()),
  rtrim: texts([1, 1], value => value.trimEnd()),
  replace: texts([3, 3], (value, from, to) => value.replaceAll(new RegExp(literally(from), 'gi'), () => to)),
  len: strict([1, 1], int, (values, types) => text(values, types).replace(/ +$/, '').length),
  substring: strict([3, 3], long, (values, types) => {
    const start = Number(values[1]) - 1
    return text(values, types).slice(Math.max(0, start), Math.max(0, start + Number(values[2])))
  }),
  left: strict([2, 2], long, (values, types) => text(values, types).slice(0, Number(values[1]))),
  right: strict([2, 2], long, (values, types) => text(values, types).slice(-Number(values[1]) || Infinity)),
  charindex: strict([2, 2], int, (values, types) => {
    return text(values, types, 1).toLowerCase().indexOf(text(values, types).toLowerCase()) + 1
  }),
  concat: {
    arity: [2, 254],
    type: () => long,
    evaluate: (values, types) => values.map((each, at) => (each === null ? '' : text(values, types, at))).join(''),
  },
  quotename: strict([1, 2], nvarchar(258), (values, types) =>
    quoteName(text(values, types), values.length > 1 ? text(values, types, 1) : ']'),
  ),
  datepart: strict([2, 2], int, ([part, value]) => datePart(part!, value!)),
  datediff: strict([3, 3], int, ([part, from, to], [, one, other]) =>
    dateDifference(part!, convert(from!, one!, moment), convert(to!, other!, moment)),
  ),
  dateadd: {
    arity: [3, 3],
    type: types => types[2]!,
    evaluate: ([part, count, value]) => {
      if (count == null || value == null) return null
      const by = span(part!) * Number(count)
      return isZoned(value) ? { ...value, local: value.local + by } : Number(value) + by
    },
  },
  abs: {
    arity: [1, 1],
    type: types => types[0]!,
    evaluate: ([value]) =>
      typeof value === 'bigint' ? (value < 0n ? -value : value) : value == null ? null : Math.abs(Number(value)),
  },
}
