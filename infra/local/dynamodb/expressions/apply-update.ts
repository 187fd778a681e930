import { invalid } from '../protocol/error.ts'
import { type Attributes, type AttributeValue, attributeOf, typeOf, without } from '../values/attribute.ts'
import { setOf } from '../values/compare.ts'
import { addDecimals, formatDecimal, negate, parseDecimal } from '../values/decimal.ts'
import { type Path, valueAt } from './path.ts'
import type { Action, Update, UpdateValue } from './update.ts'

/**
 * The item after an update. Every right-hand side and every list index means the item as it was before. Removals come last and from
 * the highest index down, so that none moves the place of another.
 * @throws ValidationException when the item does not fit the expression
 */
export function applyUpdate(update: Update, before: Attributes): Attributes {
  const changes = update.map(action => ({ path: action.path, value: newValue(action, before) }))
  const sets = changes.filter(change => change.value !== undefined).sort((a, b) => comparePaths(a.path, b.path))
  const removals = changes
    .filter(change => change.value === undefined && !isBehindList(before, change.path))
    .sort((a, b) => comparePaths(b.path, a.path))
  return [...sets, ...removals].reduce((item, { path, value }) => changedMembers(item, path, value), before)
}

/** What will stand at the path of an action; undefined removes it. */
function newValue(action: Action, before: Attributes): AttributeValue | undefined {
  const current = valueAt(before, action.path)
  switch (action.type) {
    case 'SET':
      return evaluate(action.value, before)
    case 'REMOVE':
      return undefined
    case 'ADD':
      if (!current) return action.value
      if ('N' in current && 'N' in action.value) return sum(current, action.value)
      return withElements(current, action.value, (old, added) => [...new Set([...old, ...added])])
    case 'DELETE':
      if (!current) return undefined
      return withElements(current, action.value, (old, removed) => {
        const gone = new Set(removed)
        return old.filter(element => !gone.has(element))
      })
  }
}

function withElements(
  current: AttributeValue,
  operand: AttributeValue,
  combine: (old: string[], operand: string[]) => string[],
): AttributeValue | undefined {
  const old = setOf(current)
  const elements = setOf(operand)
  if (!old || !elements || typeOf(current) !== typeOf(operand)) throw wrongType()
  const combined = combine(old, elements)
  return combined.length > 0 ? ({ [typeOf(current)]: combined } as AttributeValue) : undefined
}

function evaluate(value: UpdateValue, before: Attributes): AttributeValue {
  switch (value.type) {
    case 'value':
      return value.value
    case 'path': {
      const found = valueAt(before, value.path)
      if (!found) throw invalid('The provided expression refers to an attribute that does not exist in the item')
      return found
    }
    case 'if_not_exists':
      return valueAt(before, value.path) ?? evaluate(value.otherwise, before)
    case 'list_append': {
      const [left, right] = [evaluate(value.left, before), evaluate(value.right, before)]
      if (!('L' in left && 'L' in right)) throw wrongType()
      return { L: [...left.L, ...right.L] }
    }
    case '+':
    case '-':
      return sum(evaluate(value.left, before), evaluate(value.right, before), value.type)
  }
}

function sum(left: AttributeValue, right: AttributeValue, operator: '+' | '-' = '+'): AttributeValue {
  if (!('N' in left && 'N' in right)) throw wrongType()
  const operand = parseDecimal(right.N)
  return { N: formatDecimal(addDecimals(parseDecimal(left.N), operator === '+' ? operand : negate(operand))) }
}

function changedMembers(members: Attributes, [name, ...rest]: Path, value: AttributeValue | undefined): Attributes {
  if (typeof name !== 'string') throw wrongPath()
  if (rest.length > 0) return { ...members, [name]: changed(attributeOf(members, name), rest, value) }
  return value === undefined ? without(members, name) : { ...members, [name]: value }
}

function changed(parent: AttributeValue | undefined, path: Path, value: AttributeValue | undefined): AttributeValue {
  const [step, ...rest] = path
  if (typeof step === 'string') {
    if (!parent || !('M' in parent)) throw wrongPath()
    return { M: changedMembers(parent.M, path, value) }
  }
  if (!parent || !('L' in parent) || step === undefined) throw wrongPath()
  if (rest.length > 0) return { L: parent.L.with(checkIndex(parent.L, step), changed(parent.L[step], rest, value)) }
  if (value === undefined) return { L: parent.L.filter((_, index) => index !== step) }
  // An index behind the end appends, whatever the gap.
  return { L: step < parent.L.length ? parent.L.with(step, value) : [...parent.L, value] }
}

function checkIndex(list: AttributeValue[], index: number): number {
  if (index >= list.length) throw wrongPath()
  return index
}

/** Nothing is there to remove, though another action may append to the list. */
function isBehindList(before: Attributes, path: Path): boolean {
  const parent = valueAt(before, path.slice(0, -1))
  const index = path.at(-1)
  return parent !== undefined && 'L' in parent && typeof index === 'number' && index >= parent.L.length
}

/** Step by step; siblings in a list by index. */
function comparePaths(a: Path, b: Path): number {
  const at = a.findIndex((step, i) => step !== b[i])
  const [x, y] = [a[at], b[at]]
  if (x === undefined || y === undefined) return a.length - b.length
  return x < y ? -1 : 1
}

function wrongType() {
  return invalid('An operand in the update expression has an incorrect data type')
}

function wrongPath() {
  return invalid('The document path provided in the update expression is invalid for update')
}
