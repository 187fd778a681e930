import type { Bound } from '../items/range.ts'
import { type DynamodbError, invalid, invalidValue } from '../protocol/error.ts'
import { assertNotEmpty, partitionBytes, sortBytes } from '../tables/key.ts'
import { type KeyAttribute, type KeySchema, namesOf } from '../tables/schema.ts'
import { type AttributeValue, typeOf } from '../values/attribute.ts'
import type { Comparator, Condition, Operand } from './condition.ts'
import { parseCondition } from './parse-condition.ts'
import type { Placeholders } from './placeholders.ts'

/** One partition and the part of it between two bounds of the sort key. */
export interface KeyRange {
  partition: Uint8Array
  /** The partition key's value. */
  value: AttributeValue
  lower?: Bound
  upper?: Bound
}

/** Reads `pk = :v [AND <condition on the sort key>]` for a table or an index. @throws ValidationException */
export function readKeyCondition(schema: KeySchema, source: string, placeholders: Placeholders): KeyRange {
  const conditions = conjuncts(parseCondition('KeyConditionExpression', source, placeholders))
  const byName = new Map<string, Condition>()
  for (const condition of conditions) {
    const name = keyName(condition)
    if (byName.has(name))
      throw invalid('Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key')
    byName.set(name, condition)
  }
  const { partition, sort } = schema
  const onPartition = byName.get(partition.name)
  if (!onPartition) throw invalid(`Query condition missed key schema element: ${partition.name}`)
  if (onPartition.type !== 'compare' || comparatorOf(onPartition) !== '=') throw notSupported()
  const stray = [...byName.keys()].find(name => !namesOf(schema).includes(name))
  if (stray !== undefined) {
    if (sort && !byName.has(sort.name)) throw invalid(`Query condition missed key schema element: ${sort.name}`)
    throw notSupported()
  }
  const value = literal(partition, onPartition.right.type === 'value' ? onPartition.right : onPartition.left)
  const onSort = sort && byName.get(sort.name)
  return { partition: partitionBytes(value), value, ...(onSort && boundsOf(sort, onSort)) }
}

function conjuncts(condition: Condition): Condition[] {
  if (condition.type === 'and') return [...conjuncts(condition.left), ...conjuncts(condition.right)]
  return [condition]
}

/** The one attribute that a condition is about, which must stand whole on one side. */
function keyName(condition: Condition): string {
  switch (condition.type) {
    case 'compare': {
      const { left, right } = condition
      return left.type === 'value' ? nameOf(right) : nameOf(left)
    }
    case 'between':
    case 'begins_with':
      return nameOf(condition.operand)
    default: {
      const operator =
        condition.type === 'in' || condition.type === 'not' || condition.type === 'or' ? 'operator' : 'function'
      throw invalid(
        `Invalid KeyConditionExpression: Invalid ${operator} used in KeyConditionExpression: ${operator === 'operator' ? condition.type.toUpperCase() : condition.type}`,
      )
    }
  }
}

function nameOf(operand: Operand): string {
  if (operand.type !== 'path') throw notSupported()
  const [name, ...rest] = operand.path
  if (rest.length > 0)
    throw invalid('Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes')
  return String(name)
}

function boundsOf(sort: KeyAttribute, condition: Condition): { lower?: Bound; upper?: Bound } {
  if (condition.type === 'between')
    return {
      lower: { bytes: sortBytes(literal(sort, condition.lower)), inclusive: true },
      upper: { bytes: sortBytes(literal(sort, condition.upper)), inclusive: true },
    }
  if (condition.type === 'begins_with') {
    if (sort.type === 'N')
      throw invalid(
        'Invalid KeyConditionExpression: Incorrect operand type for operator or function; ' +
          'operator or function: begins_with, operand type: N',
      )
    const prefix = sortBytes(literal(sort, condition.argument))
    const end = successor(prefix)
    return {
      lower: { bytes: prefix, inclusive: true },
      ...(end && { upper: { bytes: end, inclusive: false } }),
    }
  }
  if (condition.type !== 'compare') throw notSupported()
  const { left, right } = condition
  const bytes = sortBytes(literal(sort, right.type === 'value' ? right : left))
  switch (comparatorOf(condition)) {
    case '=':
      return { lower: { bytes, inclusive: true }, upper: { bytes, inclusive: true } }
    case '<':
      return { upper: { bytes, inclusive: false } }
    case '<=':
      return { upper: { bytes, inclusive: true } }
    case '>':
      return { lower: { bytes, inclusive: false } }
    case '>=':
      return { lower: { bytes, inclusive: true } }
    case '<>':
      throw invalid('Invalid KeyConditionExpression: Unsupported operator on KeyCondition: operator: <>')
  }
}

/** The comparator with the attribute on its left, however it was written. */
function comparatorOf({ comparator, left }: Extract<Condition, { type: 'compare' }>): Comparator {
  const mirrored: Record<Comparator, Comparator> = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }
  return left.type === 'value' ? mirrored[comparator] : comparator
}

function literal({ name, type }: KeyAttribute, operand: Operand): AttributeValue {
  if (operand.type !== 'value') throw notSupported()
  if (typeOf(operand.value) !== type) throw invalidValue('Condition parameter type does not match schema type')
  assertNotEmpty(name, operand.value)
  return operand.value
}

/** The first bytes behind everything that begins with a prefix; undefined when nothing lies behind it. */
function successor(prefix: Uint8Array): Uint8Array | undefined {
  const end = prefix.findLastIndex(byte => byte < 255)
  if (end < 0) return undefined
  const bytes = Uint8Array.from(prefix.subarray(0, end + 1))
  bytes[end]!++
  return bytes
}

function notSupported(): DynamodbError {
  return invalid('Query key condition not supported')
}
