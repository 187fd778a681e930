import type { Expression } from '../language/syntax.ts'
import { refused } from '../model/sql-error.ts'
import type { Compiled } from './compile.ts'
import { convert } from './convert.ts'
import { commonType, isText, type SqlType, type SqlValue } from './types.ts'

type Operator = Extract<Expression, { kind: 'operator' }>['operator']

/** Arithmetic, and + between texts. NULL makes NULL. */
export function calculate(operator: Operator, left: Compiled, right: Compiled): Compiled {
  const common = commonType(left.type, right.type)
  const type = resultType(operator, left.type, right.type, common)
  return {
    type,
    constant: false,
    evaluate: row => {
      const one = convert(left.evaluate(row), left.type, isText(common) ? left.type : common)
      const other = convert(right.evaluate(row), right.type, isText(common) ? right.type : common)
      if (one === null || other === null) return null
      return convert(result(operator, one, other), type, type)
    },
  }
}

function resultType(operator: Operator, left: SqlType, right: SqlType, common: SqlType): SqlType {
  if (!isText(common)) {
    // Source: Microsoft, "Precision, scale, and length (Transact-SQL)", for products without fractions.
    return operator === '*' && common.name === 'numeric' ? { ...common, precision: 38 } : common
  }
  if (operator !== '+' || !('length' in left) || !('length' in right) || !('length' in common))
    throw refused(402, left.name, right.name)
  return { ...common, length: left.length === -1 || right.length === -1 ? -1 : left.length + right.length }
}

function result(operator: Operator, one: SqlValue, other: SqlValue): SqlValue {
  if (typeof one === 'string' && typeof other === 'string') return one + other
  if (typeof one === 'bigint' && typeof other === 'bigint') return exact(operator, one, other)
  const [left, right] = [Number(one), Number(other)]
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      if (right === 0) throw refused(8134)
      return left / right
    case '%':
      if (right === 0) throw refused(8134)
      return left % right
    case '&':
      return Number(BigInt(left) & BigInt(right))
    case '|':
      return Number(BigInt(left) | BigInt(right))
  }
}

function exact(operator: Operator, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      if (right === 0n) throw refused(8134)
      return left / right
    case '%':
      if (right === 0n) throw refused(8134)
      return left % right
    case '&':
      return left & right
    case '|':
      return left | right
  }
}
