import type { Row } from '../connection/server.ts'
import type { Column } from '../definitions/columns.ts'
import { quoteName } from '../sql/quote.ts'
import { type Borrow, type Bound, type Cut, tableOf } from './cut.ts'

/**
 * Bounds found by walking along the index, so many rows at a step; no row is read.
 * @param within walks only where this holds, e.g. one value of the first column
 */
export async function* keysetBounds(cut: Cut, borrow: Borrow, within = 'TRUE'): AsyncGenerator<Bound> {
  const { key, rows } = cut
  const names = key.columns.map(({ name }) => quoteName(name)).join(', ')
  const values = key.columns.map(ownBytes).join(', ')
  let condition = within
  for (;;) {
    const [found] = await borrow(server =>
      server.query(
        `SELECT ${values} FROM ${tableOf(cut)} FORCE INDEX (${quoteName(key.index)}) WHERE ${condition} ORDER BY ${names} LIMIT ${rows}, 1`,
      ),
    )
    if (!found) return
    const bound = Object.fromEntries(key.columns.map(({ name }, i) => [name, found[`k${i}`] ?? null]))
    const from = compare(key.columns, bound, '>', '>=')
    yield { below: compare(key.columns, bound, '<', '<'), from }
    condition = `${within} AND ${from}`
  }
}

/**
 * Text as its own bytes, under a name of ours: the client decodes names as if they were in the column's character set, and does not know them
 * all. (UUID and the like have other bytes than their text.)
 */
function ownBytes({ name, characterSet, form, introducer }: Column, i: number): string {
  const column = quoteName(name)
  if (form === 'digits' || introducer === '_binary') return `${column} AS k${i}`
  return `CAST(${characterSet === null ? `CAST(${column} AS CHAR)` : column} AS BINARY) AS k${i}`
}

/**
 * `(a, b) >= (x, y)` as `a > x OR (a = x AND b >= y)`: of this form the optimiser makes a range of the index, of the other it does not.
 * @param strict the operator for all but the last column
 */
export function compare(columns: readonly Column[], bound: Row, strict: '<' | '>', last: '<' | '>='): string {
  const alternatives = columns.map((column, i) => {
    const equal = columns.slice(0, i).map(before => `${quoteName(before.name)} = ${literal(before, bound)}`)
    const operator = i === columns.length - 1 ? last : strict
    return [...equal, `${quoteName(column.name)} ${operator} ${literal(column, bound)}`].join(' AND ')
  })
  return `(${alternatives.map(alternative => (columns.length > 1 ? `(${alternative})` : alternative)).join(' OR ')})`
}

/** Text as the bytes it has in the column's own character set, so that nothing is converted. */
function literal(column: Column, bound: Row): string {
  const value = bound[column.name]!
  if (column.form === 'digits') return value.toString()
  const hex = value.toString('hex')
  if (column.introducer === '_binary') return `X'${hex}'`
  if (column.characterSet !== null) return `_${column.characterSet} X'${hex}'`
  return `'${value.toString()}'`
}
