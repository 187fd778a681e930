import type { SQLInputValue } from 'node:sqlite'
import type { Key } from '../tables/key.ts'
import type { Index } from '../tables/schema.ts'

/** Where an item lies: its own key and, when read through an index, its place there. */
export interface Position {
  primary: Key
  inIndex?: Key
}

export interface Bound {
  bytes: Uint8Array
  inclusive: boolean
}

/** A run of items in order: one partition (Query) or all of them (Scan). */
export interface Range {
  index?: Index
  partition?: Uint8Array
  /** Bounds of the sort key; only with a partition. */
  lower?: Bound
  upper?: Bound
  /** First bytes of partition keys; only without a partition. */
  segment?: { from: Uint8Array; before: Uint8Array | undefined }
  after?: Position
  forward: boolean
}

/**
 * One SELECT that SQLite answers by walking a single index from a seek: `INDEXED BY` makes it an error if it could not. The
 * start key replaces the bound on its side, because it lies within it; as a row value it seeks on all columns of the order.
 */
export function selectRange(source: string, range: Range): { sql: string; values: SQLInputValue[] } {
  const { index, partition, segment, after, forward } = range
  const prefix = index ? `i${index.position}_` : ''
  const columns = index ? [`${prefix}pk`, `${prefix}sk`, 'pk', 'sk'] : ['pk', 'sk']
  const where: string[] = []
  const values: SQLInputValue[] = []
  const add = (condition: string, ...bound: Uint8Array[]) => {
    where.push(condition)
    values.push(...bound)
  }
  if (partition) add(`${columns[0]} = ?`, partition)
  else if (index) add(`${columns[0]} IS NOT NULL`)
  const order = partition ? columns.slice(1) : columns
  if (after) {
    const { primary, inIndex } = after
    const start = [...(inIndex ? [inIndex.partition, inIndex.sort] : []), primary.partition, primary.sort]
    const marks = order.map(() => '?').join(', ')
    add(`(${order.join(', ')}) ${forward ? '>' : '<'} (${marks})`, ...start.slice(-order.length))
  }
  const { lower, upper } = range
  if (lower && !(after && forward)) add(`${order[0]} ${lower.inclusive ? '>=' : '>'} ?`, lower.bytes)
  if (upper && !(after && !forward)) add(`${order[0]} ${upper.inclusive ? '<=' : '<'} ?`, upper.bytes)
  if (segment && !after) add(`${order[0]} >= ?`, segment.from)
  if (segment?.before) add(`${order[0]} < ?`, segment.before)
  const direction = forward ? 'ASC' : 'DESC'
  const sql =
    `SELECT item, size FROM ${source} INDEXED BY ${source}_${index ? `i${index.position}` : 'key'}` +
    `${where.length > 0 ? ` WHERE ${where.join(' AND ')}` : ''}` +
    ` ORDER BY ${order.map(column => `${column} ${direction}`).join(', ')}`
  return { sql, values }
}
