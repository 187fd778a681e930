import type { Condition } from '../expressions/condition.ts'
import type { Update } from '../expressions/update.ts'
import type { Key } from '../tables/key.ts'
import type { Table } from '../tables/table.ts'
import type { Attributes } from '../values/attribute.ts'

/** One change (or check) of one item, read and checked as far as it can be without the item. */
export interface Write {
  table: Table
  key: Key
  condition: Condition | undefined
  effect: Effect
  /** Whether a failed condition shows the item that it failed on. */
  showOnFailure: boolean
}

export type Effect =
  | { type: 'put'; item: Attributes }
  /** `key` is what the item begins with if it does not exist. */
  | { type: 'update'; update: Update; key: Attributes }
  | { type: 'delete' }
  | { type: 'check' }
