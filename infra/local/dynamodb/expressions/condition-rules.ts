import { type AttributeType, attributeTypes, printValue, typeOf } from '../values/attribute.ts'
import { compareValues } from '../values/compare.ts'
import type { Comparator, Condition, Operand } from './condition.ts'
import type { Parser } from './parser.ts'
import { type Path, printPath, samePath } from './path.ts'

/** What AWS refuses in a condition before it looks at any item. Each throws ValidationException. */
export function checkComparison(parser: Parser, comparator: Comparator, left: Operand, right: Operand): void {
  checkDistinct(parser, comparator, left, [right])
  if (comparator === '=' || comparator === '<>') return
  for (const operand of [left, right]) checkType(parser, `operator: ${comparator}`, operand, ['S', 'N', 'B'])
}

export function checkBetween(parser: Parser, lower: Operand, upper: Operand): void {
  for (const operand of [lower, upper]) checkType(parser, 'operator: BETWEEN', operand, ['S', 'N', 'B'])
  if (lower.type !== 'value' || upper.type !== 'value') return
  const shown =
    `lower bound operand: AttributeValue: ${printValue(lower.value)}, ` +
    `upper bound operand: AttributeValue: ${printValue(upper.value)}`
  const order = compareValues(lower.value, upper.value)
  if (order === undefined)
    throw parser.wrong(`The BETWEEN operator requires same data type for lower and upper bounds; ${shown}`)
  if (order > 0)
    throw parser.wrong(`The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${shown}`)
}

/** A function call by its name: `size` is an operand, the others are conditions. */
export function readFunction(
  parser: Parser,
  name: string,
  operands: Operand[],
): Condition | Extract<Operand, { type: 'size' }> {
  const subject = `operator or function: ${name}`
  const take = (count: number): Operand[] => {
    if (operands.length === count) return operands
    throw parser.wrong(
      `Incorrect number of operands for operator or function; ${subject}, number of operands: ${operands.length}`,
    )
  }
  switch (name) {
    case 'attribute_exists':
    case 'attribute_not_exists':
      return { type: name, path: needPath(parser, name, take(1)[0]!) }
    case 'attribute_type': {
      const [path, wanted] = take(2) as [Operand, Operand]
      return { type: name, path, wanted: readType(parser, subject, wanted) }
    }
    case 'begins_with':
    case 'contains': {
      const [operand, argument] = take(2) as [Operand, Operand]
      checkDistinct(parser, name, operand, [argument])
      if (name === 'begins_with') for (const each of operands) checkType(parser, subject, each, ['S', 'B'])
      return { type: name, operand, argument }
    }
    case 'size': {
      const [of] = take(1) as [Operand]
      checkType(parser, subject, of, ['S', 'B', 'SS', 'NS', 'BS', 'L', 'M'])
      return { type: name, of }
    }
    default:
      throw parser.wrong(`Invalid function name; function: ${name}`)
  }
}

function needPath(parser: Parser, name: string, operand: Operand): Path {
  if (operand.type === 'path') return operand.path
  throw parser.wrong(`Operator or function requires a document path; operator or function: ${name}`)
}

function readType(parser: Parser, subject: string, operand: Operand): AttributeType {
  if (operand.type !== 'value' || !('S' in operand.value)) {
    const shown = operand.type === 'value' ? typeOf(operand.value) : `{${attributeTypes.join(',')}}`
    throw parser.wrong(`Incorrect operand type for operator or function; ${subject}, operand type: ${shown}`)
  }
  const name = operand.value.S
  const type = attributeTypes.find(each => each === name)
  if (!type)
    throw parser.wrong(`Invalid attribute type name found; type: ${name}, valid types: {${attributeTypes.join(',')}}`)
  return type
}

function checkType(parser: Parser, subject: string, operand: Operand, allowed: AttributeType[]): void {
  const type = operand.type === 'value' ? typeOf(operand.value) : operand.type === 'size' ? 'N' : undefined
  if (type === undefined || allowed.includes(type)) return
  throw parser.wrong(`Incorrect operand type for operator or function; ${subject}, operand type: ${type}`)
}

function checkDistinct(parser: Parser, operator: string, first: Operand, others: Operand[]): void {
  if (first.type !== 'path') return
  if (!others.some(other => other.type === 'path' && samePath(first.path, other.path))) return
  throw parser.wrong(
    'The first operand must be distinct from the remaining operands for this operator or function; ' +
      `operator: ${operator}, first operand: ${printPath(first.path)}`,
  )
}
