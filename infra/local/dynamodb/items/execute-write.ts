import { applyUpdate } from '../expressions/apply-update.ts'
import { holds } from '../expressions/evaluate.ts'
import { DynamodbError, invalid } from '../protocol/error.ts'
import { placementOf } from '../tables/table.ts'
import type { Attributes } from '../values/attribute.ts'
import { assertDepth } from '../values/depth.ts'
import { sizeOfItem } from '../values/size.ts'
import { type Units, writeUnits } from './capacity.ts'
import { maxItemBytes } from './prepare-write.ts'
import type { Stored } from './store.ts'
import type { Write } from './write.ts'

export interface Outcome {
  before: Stored | undefined
  after: Stored | undefined
  units: Units
}

/**
 * Does one write; call it inside a transaction of the database.
 * @throws ConditionalCheckFailedException, ValidationException; nothing is changed then
 */
export function executeWrite(write: Write): Outcome {
  const { table, key, condition, effect } = write
  const before = table.items.get(key)
  if (condition && !holds(condition, before?.item ?? {}))
    throw new DynamodbError(
      'ConditionalCheckFailedException',
      'The conditional request failed',
      write.showOnFailure && before ? { Item: before.item } : {},
    )
  const after = afterOf(write, before)
  if (effect.type === 'delete') {
    if (before) table.items.remove(key, before)
  } else if (effect.type !== 'check' && after) table.items.put(key, after, placementOf(table, after.item), before)
  return { before, after, units: writeUnits(table.schema, before, after) }
}

function afterOf({ effect }: Write, before: Stored | undefined): Stored | undefined {
  switch (effect.type) {
    case 'put':
      return sized(effect.item)
    case 'delete':
      return undefined
    case 'check':
      return before
    case 'update': {
      const after = sized(applyUpdate(effect.update, before?.item ?? effect.key))
      if (after.size > maxItemBytes) throw invalid('Item size to update has exceeded the maximum allowed size')
      assertDepth(after.item)
      return after
    }
  }
}

function sized(item: Attributes): Stored {
  return { item, size: sizeOfItem(item) }
}
