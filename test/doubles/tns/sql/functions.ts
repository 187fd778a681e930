import { OraError } from '../ora.ts'
import { type TypeName, type Value, ZonedDate } from '../value.ts'
import { compare, textOf, toNumber } from './arithmetic.ts'
import { formatDate, parseDate } from './format-date.ts'
import type { ScalarFunction } from './scope.ts'

/** A function that is NULL where one of its arguments is. */
function strict(
  args: [number, number],
  type: ScalarFunction['type'],
  evaluate: (...args: NonNullable<Value>[]) => Value,
): ScalarFunction {
  return {
    args,
    type,
    evaluate: (...values) =>
      values.some(value => value === null) ? null : evaluate(...(values as NonNullable<Value>[])),
  }
}

const first = (types: TypeName[]) => types[0]!
const text = (value: Value) => textOf(value)!
const orNull = (result: string) => result || null

function toChar(value: NonNullable<Value>, format?: NonNullable<Value>): Value {
  if (value instanceof Date) return formatDate(value, format === undefined ? 'DD-MON-RR' : text(format))
  if (format === undefined) return textOf(value)
  const model = /^FM([09]+)$/i.exec(text(format))
  if (!model) throw new OraError(1481, 'invalid number format model')
  const digits = String(toNumber(value))
  const least = model[1]!.length - model[1]!.search(/0|$/)
  return digits.length > model[1]!.length ? '#'.repeat(model[1]!.length + 1) : digits.padStart(least, '0')
}

function substring(of: NonNullable<Value>, from: NonNullable<Value>, length?: NonNullable<Value>): Value {
  const all = text(of)
  const start = Number(toNumber(from))
  const at = start < 0 ? all.length + start : Math.max(0, start - 1)
  const count = length === undefined ? all.length : Number(toNumber(length))
  return at < 0 || count < 1 ? null : orNull(all.slice(at, at + count))
}

function position(of: NonNullable<Value>, part: NonNullable<Value>, from?: NonNullable<Value>): Value {
  const start = from === undefined ? 1 : Number(toNumber(from))
  const all = text(of)
  return BigInt(1 + (start < 0 ? all.lastIndexOf(text(part), all.length + start) : all.indexOf(text(part), start - 1)))
}

function rounded(round: (number: number) => number) {
  return (value: NonNullable<Value>, digits?: NonNullable<Value>): Value => {
    if (value instanceof Date) return new Date(Math.floor(value.getTime() / 86_400_000) * 86_400_000)
    const number = toNumber(value)
    if (typeof number === 'bigint') return number
    const factor = 10 ** (digits === undefined ? 0 : Number(toNumber(digits)))
    return toNumber(String(round(number * factor) / factor))
  }
}

const chosen = (sign: 1 | -1) =>
  strict([1, 99], first, (...values) => values.toSorted((a, b) => sign * compare(a, b))[0]!)

/** Functions that need nothing but their arguments. @see SQL Language Reference, "Functions" */
export const functions: Record<string, ScalarFunction> = {
  TO_CHAR: strict([1, 2], 'VARCHAR2', toChar),
  TO_NUMBER: strict([1, 1], 'NUMBER', value => toNumber(value)),
  TO_DATE: strict([2, 2], 'DATE', (value, format) => parseDate(text(value), text(format))),
  TO_TIMESTAMP: strict([2, 2], 'TIMESTAMP', (value, format) => parseDate(text(value), text(format))),
  SYS_EXTRACT_UTC: strict([1, 1], 'TIMESTAMP', value => {
    if (!(value instanceof ZonedDate)) throw new OraError(30_175, 'invalid type given for an argument')
    return new Date(value.getTime() - value.offsetMinutes * 60_000)
  }),
  // CAST(value AS type) is read as a call of one of these.
  'CAST AS VARCHAR2': strict([1, 1], 'VARCHAR2', value => textOf(value)),
  'CAST AS NUMBER': strict([1, 1], 'NUMBER', value => toNumber(value)),
  'CAST AS DATE': strict([1, 1], 'DATE', value =>
    value instanceof Date ? new Date(value) : parseDate(text(value), 'DD-MON-RR'),
  ),
  'CAST AS TIMESTAMP': strict([1, 1], 'TIMESTAMP', value =>
    value instanceof Date ? new Date(value) : parseDate(text(value), 'DD-MON-RR'),
  ),
  UPPER: strict([1, 1], 'VARCHAR2', value => text(value).toUpperCase()),
  LOWER: strict([1, 1], 'VARCHAR2', value => text(value).toLowerCase()),
  TRIM: strict([1, 1], 'VARCHAR2', value => orNull(text(value).trim())),
  RTRIM: strict([1, 2], 'VARCHAR2', (value, set = ' ') => {
    let trimmed = text(value)
    while (trimmed !== '' && text(set).includes(trimmed.at(-1)!)) trimmed = trimmed.slice(0, -1)
    return orNull(trimmed)
  }),
  LENGTH: strict([1, 1], 'NUMBER', value => BigInt([...text(value)].length)),
  SUBSTR: strict([2, 3], 'VARCHAR2', substring),
  INSTR: strict([2, 3], 'NUMBER', position),
  REPLACE: strict([2, 3], 'VARCHAR2', (value, from, to = '') => orNull(text(value).replaceAll(text(from), text(to)))),
  CHR: strict([1, 1], 'VARCHAR2', code => String.fromCodePoint(Number(toNumber(code)))),
  ROUND: strict([1, 2], first, rounded(Math.round)),
  TRUNC: strict([1, 2], first, rounded(Math.trunc)),
  CEIL: strict([1, 1], 'NUMBER', rounded(Math.ceil)),
  FLOOR: strict([1, 1], 'NUMBER', rounded(Math.floor)),
  MOD: strict([2, 2], 'NUMBER', (value, by) => {
    const [number, divisor] = [toNumber(value), toNumber(by)]
    return typeof number === 'bigint' && typeof divisor === 'bigint'
      ? number % divisor
      : Number(number) % Number(divisor)
  }),
  GREATEST: chosen(-1),
  LEAST: chosen(1),
  NVL: { args: [2, 2], type: first, evaluate: (value, otherwise) => value ?? otherwise! },
  NVL2: {
    args: [3, 3],
    type: types => types[1]!,
    evaluate: (value, known, unknown) => (value === null ? unknown! : known!),
  },
  COALESCE: { args: [2, 99], type: first, evaluate: (...values) => values.find(value => value !== null) ?? null },
  NULLIF: {
    args: [2, 2],
    type: first,
    evaluate: (one, other) => (one !== null && other !== null && compare(one!, other!) === 0 ? null : one!),
  },
  DECODE: {
    args: [3, 255],
    type: types => types[2]!,
    evaluate: (value, ...pairs) => {
      for (let index = 0; index + 1 < pairs.length; index += 2) {
        const search = pairs[index]!
        const same = value === null || search === null ? value === search : compare(value!, search) === 0
        if (same) return pairs[index + 1]!
      }
      return pairs.length % 2 === 1 ? pairs.at(-1)! : null
    },
  },
}
