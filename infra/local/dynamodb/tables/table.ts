import type { ItemStore, Placement } from '../items/store.ts'
import type { Attributes } from '../values/attribute.ts'
import type { TableDefinition } from './definition.ts'
import { expiryOf } from './expiry.ts'
import { keyInIndex } from './key.ts'
import type { TableSchema } from './schema.ts'

export interface Table {
  readonly id: number
  readonly definition: TableDefinition
  readonly schema: TableSchema
  readonly arn: string
  readonly created: Date
  readonly items: ItemStore
  /** The attribute that says when an item expires. */
  timeToLive: string | undefined
}

/** @throws ValidationException when the item's attributes cannot be keys of an index that wants them */
export function placementOf(table: Table, item: Attributes): Placement {
  return {
    inIndexes: table.schema.indexes.map(index => keyInIndex(index, item)),
    expires: table.timeToLive === undefined ? undefined : expiryOf(item, table.timeToLive),
  }
}
