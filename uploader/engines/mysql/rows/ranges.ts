import type { Relation } from '../definitions/relations.ts'
import type { Borrow, Cut } from './cut.ts'
import { isWhole, type Key } from './key.ts'
import { keysetBounds } from './keyset.ts'
import { wholeNumberBounds } from './whole-numbers.ts'

/** Bytes of rows, as the server estimates them, that one artefact holds about. */
export const rangeBytes = 96 * 1024 * 1024

/**
 * WHERE conditions that cut a table into ranges which leave no row out and have none twice, whatever values are between the bounds:
 * `key < a`, `key >= a and key < b`, …, `key >= z`. Bounds are looked up one by one as the ranges are asked for.
 * @param borrow lends a connection that sees the moment
 */
export async function* ranges(
  database: string,
  table: Relation,
  key: Key | undefined,
  borrow: Borrow,
  target = rangeBytes,
): AsyncGenerator<string | null> {
  if (!key || !table.transactional || table.bytes <= target) {
    yield null
    return
  }
  const rows = Math.max(1, Math.round((table.rows * target) / table.bytes))
  const cut: Cut = { database, table, key, rows }
  // A whole number in front is cut by the server's estimates, which cost no read; else by walking along the index.
  const bounds = isWhole(key.columns[0]!) ? wholeNumberBounds(cut, borrow) : keysetBounds(cut, borrow)
  let lower: string | undefined
  for await (const { below, from } of bounds) {
    yield lower === undefined ? below : `${lower} AND ${below}`
    lower = from
  }
  yield lower ?? null
}
