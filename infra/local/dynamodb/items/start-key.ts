import { invalid } from '../protocol/error.ts'
import { keyInIndex, keyOfItem } from '../tables/key.ts'
import { type Index, namesOf } from '../tables/schema.ts'
import type { Table } from '../tables/table.ts'
import { attributeOf } from '../values/attribute.ts'
import { parseAttributes } from '../values/parse.ts'
import type { Position } from './range.ts'

/** Reads ExclusiveStartKey: the key of the table, with the key of the index when there is one. @throws ValidationException */
export function readStartKey(
  table: Table,
  index: Index | undefined,
  sent: Record<string, unknown> | undefined,
): Position | undefined {
  if (!sent) return undefined
  const attributes = parseAttributes(sent)
  const names = new Set([...namesOf(table.schema.key), ...(index ? namesOf(index.schema) : [])])
  if (Object.keys(attributes).length !== names.size || [...names].some(name => !attributeOf(attributes, name)))
    throw invalid('The provided starting key is invalid')
  const primary = keyOfItem(table.schema, attributes)
  const inIndex = index && keyInIndex(index, attributes)
  return inIndex ? { primary, inIndex } : { primary }
}
