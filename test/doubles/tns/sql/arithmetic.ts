import { OraError } from '../ora.ts'
import type { Value } from '../value.ts'
import { formatDate } from './format-date.ts'

const millisecondsPerDay = 86_400_000

/** Whole numbers stay whole, whatever their size. */
function whole(number: number): bigint | number {
  return Number.isSafeInteger(number) ? BigInt(number) : number
}

/** @throws OraError 1722 */
export function toNumber(value: NonNullable<Value>): bigint | number {
  if (typeof value === 'bigint' || typeof value === 'number') return value
  const text = typeof value === 'string' ? value.trim() : ''
  if (/^[+-]?\d+$/.test(text)) return BigInt(text)
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text)
  throw new OraError(1722, 'invalid number')
}

/** A value as text, dates as a session shows them that has set nothing. */
export function textOf(value: Value): string | null {
  if (value === null || typeof value === 'string') return value
  if (value instanceof Date) return formatDate(value, 'DD-MON-RR')
  if (Buffer.isBuffer(value)) return value.toString('hex').toUpperCase()
  if (typeof value === 'object') throw new OraError(932, 'inconsistent datatypes: expected CHAR got FILE')
  return String(value).replace(/^(-?)0\./, '$1.')
}

/** Of two values that are not NULL: below 0, 0 or above; text beside a number is read as one. */
export function compare(one: Value, other: Value): number {
  if (one instanceof Date && other instanceof Date) return one.getTime() - other.getTime()
  if (typeof one === 'string' && typeof other === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(other))
  if (Buffer.isBuffer(one) && Buffer.isBuffer(other)) return Buffer.compare(one, other)
  const [left, right] = [toNumber(one!), toNumber(other!)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** @param sign -1 to subtract. A DATE and a number of days is a DATE, two DATEs are a number of days */
export function add(one: NonNullable<Value>, other: NonNullable<Value>, sign: 1 | -1): Value {
  if (one instanceof Date && other instanceof Date) return whole((one.getTime() - other.getTime()) / millisecondsPerDay)
  if (one instanceof Date) return new Date(one.getTime() + sign * Number(toNumber(other)) * millisecondsPerDay)
  const [left, right] = [toNumber(one), toNumber(other)]
  if (typeof left === 'bigint' && typeof right === 'bigint') return left + BigInt(sign) * right
  return whole(Number(left) + sign * Number(right))
}

export function multiply(one: bigint | number, other: bigint | number): bigint | number {
  return typeof one === 'bigint' && typeof other === 'bigint' ? one * other : whole(Number(one) * Number(other))
}

/** @throws OraError 1476 */
export function divide(one: bigint | number, other: bigint | number): bigint | number {
  if (Number(other) === 0) throw new OraError(1476, 'divisor is equal to zero')
  if (typeof one === 'bigint' && typeof other === 'bigint' && one % other === 0n) return one / other
  return whole(Number(one) / Number(other))
}
