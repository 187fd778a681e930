import { isDeepStrictEqual } from 'node:util'
import { keyInIndex } from '../tables/key.ts'
import { type Index, projectedNames, type TableSchema } from '../tables/schema.ts'
import type { Attributes } from '../values/attribute.ts'
import { sizeOfItem } from '../values/size.ts'
import type { Stored } from './store.ts'

/** Capacity units of one operation on one table. */
export interface Units {
  table: number
  indexes: Record<string, number>
}

const readBlock = 4096
const writeBlock = 1024

/** Of one read or one page: blocks of 4 KB, half price unless strongly consistent; at least one block. */
export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / readBlock)) * (consistent ? 1 : 0.5)
}

/** Of one write: the larger of the item before and after, in blocks of 1 KB, and what it changes in each index. */
export function writeUnits(table: TableSchema, before: Stored | undefined, after: Stored | undefined): Units {
  const entries = table.indexes
    .map(index => [index.name, indexUnits(table, index, before, after)] as const)
    .filter(([, units]) => units > 0)
  return { table: blocks(Math.max(before?.size ?? 0, after?.size ?? 0)), indexes: Object.fromEntries(entries) }
}

/** Of writes to the same table, each `factor` times (2 in a transaction: DynamoDB prepares and commits). */
export function addUnits(units: Units[], factor = 1): Units {
  const sum: Units = { table: 0, indexes: {} }
  for (const each of units) {
    sum.table += factor * each.table
    for (const [name, count] of Object.entries(each.indexes))
      sum.indexes[name] = (sum.indexes[name] ?? 0) + factor * count
  }
  return sum
}

/** What an index holds of an item. */
export function projectToIndex(table: TableSchema, index: Index, item: Attributes): Attributes {
  if (index.projection.type === 'ALL') return item
  const names = projectedNames(table, index)
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)))
}

/** A changed index key costs a deletion and an insertion; an entry that stays the same costs nothing. */
function indexUnits(table: TableSchema, index: Index, before: Stored | undefined, after: Stored | undefined): number {
  const old = before && entryOf(table, index, before)
  const fresh = after && entryOf(table, index, after)
  if (!old || !fresh) return old || fresh ? blocks((old ?? fresh)!.size) : 0
  if (!isDeepStrictEqual(old.key, fresh.key)) return blocks(old.size) + blocks(fresh.size)
  return isDeepStrictEqual(old.item, fresh.item) ? 0 : blocks(Math.max(old.size, fresh.size))
}

function entryOf(table: TableSchema, index: Index, { item }: Stored) {
  const key = keyInIndex(index, item)
  if (!key) return undefined
  const projected = projectToIndex(table, index, item)
  return { key, item: projected, size: sizeOfItem(projected) }
}

function blocks(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / writeBlock))
}
