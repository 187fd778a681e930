import type { AttributeType, AttributeValue } from '../values/attribute.ts'
import type { Path } from './path.ts'

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>='

export type Operand =
  | { type: 'path'; path: Path }
  | { type: 'value'; value: AttributeValue }
  | { type: 'size'; of: Operand }

export type Condition =
  | { type: 'and' | 'or'; left: Condition; right: Condition }
  | { type: 'not'; condition: Condition }
  | { type: 'compare'; comparator: Comparator; left: Operand; right: Operand }
  | { type: 'between'; operand: Operand; lower: Operand; upper: Operand }
  | { type: 'in'; operand: Operand; choices: Operand[] }
  | { type: 'attribute_exists' | 'attribute_not_exists'; path: Path }
  | { type: 'attribute_type'; path: Operand; wanted: AttributeType }
  | { type: 'begins_with' | 'contains'; operand: Operand; argument: Operand }

/** Every path a condition reads, to see which attributes it touches. */
export function pathsOf(condition: Condition): Path[] {
  switch (condition.type) {
    case 'and':
    case 'or':
      return [...pathsOf(condition.left), ...pathsOf(condition.right)]
    case 'not':
      return pathsOf(condition.condition)
    case 'compare':
      return [condition.left, condition.right].flatMap(pathsOfOperand)
    case 'between':
      return [condition.operand, condition.lower, condition.upper].flatMap(pathsOfOperand)
    case 'in':
      return [condition.operand, ...condition.choices].flatMap(pathsOfOperand)
    case 'attribute_exists':
    case 'attribute_not_exists':
      return [condition.path]
    case 'attribute_type':
      return pathsOfOperand(condition.path)
    case 'begins_with':
    case 'contains':
      return [condition.operand, condition.argument].flatMap(pathsOfOperand)
  }
}

function pathsOfOperand(operand: Operand): Path[] {
  if (operand.type === 'size') return pathsOfOperand(operand.of)
  return operand.type === 'path' ? [operand.path] : []
}
