import { isZoned } from './convert.ts'
import type { SqlValue } from './types.ts'

/** Texts compare without the case and without trailing spaces, as the collation SQL_Latin1_General_CP1_CI_AS has it. */
function folded(text: string, caseSensitive: boolean): string {
  const trimmed = text.replace(/ +$/, '')
  return caseSensitive ? trimmed : trimmed.toLowerCase()
}

/** Both values are of one type, and neither is NULL. @returns negative, 0 or positive */
export function compareValues(left: SqlValue, right: SqlValue, caseSensitive: boolean): number {
  if (typeof left === 'string' && typeof right === 'string') {
    const [one, other] = [folded(left, caseSensitive), folded(right, caseSensitive)]
    return one < other ? -1 : Number(one > other)
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right)
  const [one, other] = [number(left), number(right)]
  return one < other ? -1 : Number(one > other)
}

function number(value: SqlValue): number | bigint {
  return isZoned(value) ? value.local - value.offset * 60_000 : (value as number | bigint)
}

/** What makes rows the same group. */
export function groupKey(values: SqlValue[], caseSensitive: boolean): string {
  return JSON.stringify(values.map(value => (typeof value === 'string' ? folded(value, caseSensitive) : String(value))))
}
