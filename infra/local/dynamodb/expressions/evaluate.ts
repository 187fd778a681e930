import { type Attributes, type AttributeValue, typeOf } from '../values/attribute.ts'
import { compareValues, equalValues, setOf } from '../values/compare.ts'
import type { Comparator, Condition, Operand } from './condition.ts'
import { valueAt } from './path.ts'

/**
 * Whether an item meets a condition; an item that does not exist is `{}`. There is no third truth value: a comparison with a missing
 * attribute or with another type is false, except `<>`, which is true.
 */
export function holds(condition: Condition, item: Attributes): boolean {
  switch (condition.type) {
    case 'and':
      return holds(condition.left, item) && holds(condition.right, item)
    case 'or':
      return holds(condition.left, item) || holds(condition.right, item)
    case 'not':
      return !holds(condition.condition, item)
    case 'compare':
      return compares(condition.comparator, resolve(condition.left, item), resolve(condition.right, item))
    case 'between': {
      const value = resolve(condition.operand, item)
      return (
        compares('>=', value, resolve(condition.lower, item)) && compares('<=', value, resolve(condition.upper, item))
      )
    }
    case 'in': {
      const value = resolve(condition.operand, item)
      return condition.choices.some(choice => compares('=', value, resolve(choice, item)))
    }
    case 'attribute_exists':
      return valueAt(item, condition.path) !== undefined
    case 'attribute_not_exists':
      return valueAt(item, condition.path) === undefined
    case 'attribute_type': {
      const value = resolve(condition.path, item)
      return value !== undefined && typeOf(value) === condition.wanted
    }
    case 'begins_with':
      return beginsWith(resolve(condition.operand, item), resolve(condition.argument, item))
    case 'contains':
      return contains(resolve(condition.operand, item), resolve(condition.argument, item))
  }
}

function resolve(operand: Operand, item: Attributes): AttributeValue | undefined {
  switch (operand.type) {
    case 'value':
      return operand.value
    case 'path':
      return valueAt(item, operand.path)
    case 'size': {
      const value = resolve(operand.of, item)
      const size = value && sizeOf(value)
      return size === undefined ? undefined : { N: String(size) }
    }
  }
}

function compares(
  comparator: Comparator,
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): boolean {
  if (!left || !right) return comparator === '<>'
  if (comparator === '=') return equalValues(left, right)
  if (comparator === '<>') return !equalValues(left, right)
  const order = compareValues(left, right)
  if (order === undefined) return false
  switch (comparator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

function beginsWith(value: AttributeValue | undefined, prefix: AttributeValue | undefined): boolean {
  if (!value || !prefix) return false
  if ('S' in value && 'S' in prefix) return value.S.startsWith(prefix.S)
  if (!('B' in value && 'B' in prefix)) return false
  const bytes = Buffer.from(prefix.B, 'base64')
  return Buffer.from(value.B, 'base64').subarray(0, bytes.length).equals(bytes)
}

/** A substring, an element of a set, or an element of a list. */
function contains(value: AttributeValue | undefined, argument: AttributeValue | undefined): boolean {
  if (!value || !argument) return false
  if ('S' in value && 'S' in argument) return value.S.includes(argument.S)
  if ('B' in value && 'B' in argument) return Buffer.from(value.B, 'base64').includes(Buffer.from(argument.B, 'base64'))
  if ('L' in value) return value.L.some(element => equalValues(element, argument))
  const scalar = Object.values(argument)[0] as unknown
  return typeOf(value) === `${typeOf(argument)}S` && (setOf(value) ?? []).some(element => element === scalar)
}

/** Characters, bytes or elements, as `size` counts them; undefined for types that have no size. */
function sizeOf(value: AttributeValue): number | undefined {
  if ('S' in value) return value.S.length
  if ('B' in value) return Buffer.byteLength(value.B, 'base64')
  if ('L' in value) return value.L.length
  if ('M' in value) return Object.keys(value.M).length
  return setOf(value)?.length
}
