import { OraError } from '../ora.ts'
import type { Value } from '../value.ts'
import { add, compare, divide, multiply, textOf, toNumber } from './arithmetic.ts'
import { aggregates, find, pseudoColumns, type Scope, type World } from './scope.ts'
import type { Expression } from './syntax.ts'

/** @returns null for NULL, and for what is not known because of one */
export function evaluate(expression: Expression, scope: Scope, world: World): Value {
  const of = (inner: Expression) => evaluate(inner, scope, world)
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'bind':
      return bindValue(expression, world)
    case 'column':
      return nameValue(expression, scope, world)
    case 'call':
      if (aggregates.has(expression.name)) return aggregate(expression, scope, world)
      return world.call(expression.name)!.evaluate(...expression.args.map(of))
    case 'negative': {
      const value = of(expression.of)
      return value === null ? null : multiply(toNumber(value), -1n)
    }
    case 'binary':
      return calculate(expression, of)
    case 'case': {
      const { subject, whens, otherwise } = expression
      const hit = whens.find(({ when }) =>
        subject ? equals(of(subject), of(when)) === true : holds(when, scope, world) === true,
      )
      const result = hit ? hit.gives : otherwise
      return result ? of(result) : null
    }
    case 'query': {
      const { rows } = world.run(expression.query, scope)
      if (rows.length > 1) throw new OraError(1427, 'single-row subquery returns more than one row')
      return rows[0]?.[0] ?? null
    }
    default:
      throw new OraError(936, 'missing expression')
  }
}

function bindValue({ name, index }: Extract<Expression, { kind: 'bind' }>, world: World): Value {
  const bind = world.binds[index]
  if (!bind) throw new OraError(1008, `not all variables bound: ${name}`)
  return bind.value
}

function nameValue({ table, name, at }: Extract<Expression, { kind: 'column' }>, scope: Scope, world: World): Value {
  if (table === null && name === 'ROWNUM') return scope.rownum
  if (table === null && pseudoColumns.has(name)) return world.call(name)!.evaluate()
  const { relation, index } = find(scope, table, name, at)
  return relation.row[index] ?? null
}

function calculate(
  { operator, left, right }: Extract<Expression, { kind: 'binary' }>,
  of: (inner: Expression) => Value,
): Value {
  const [one, other] = [of(left), of(right)]
  // An empty text is NULL, and joining it adds nothing.
  if (operator === '||') return `${textOf(one) ?? ''}${textOf(other) ?? ''}` || null
  if (one === null || other === null) return null
  switch (operator) {
    case '+':
      return add(one, other, 1)
    case '-':
      return add(one, other, -1)
    case '*':
      return multiply(toNumber(one), toNumber(other))
    case '/':
      return divide(toNumber(one), toNumber(other))
    default:
      throw new OraError(936, 'missing expression')
  }
}

/** @returns null where it is not known */
export function holds(expression: Expression, scope: Scope, world: World): boolean | null {
  const of = (inner: Expression) => evaluate(inner, scope, world)
  switch (expression.kind) {
    case 'not': {
      const inner = holds(expression.of, scope, world)
      return inner === null ? null : !inner
    }
    case 'binary':
      return holdsBinary(expression, scope, world)
    case 'null':
      return (of(expression.of) === null) !== expression.negated
    case 'exists':
      return world.run(expression.query, scope).rows.length > 0
    case 'in': {
      const value = of(expression.of)
      const list = Array.isArray(expression.list)
        ? expression.list.map(of)
        : world.run(expression.list, scope).rows.map(([first]) => first!)
      const answers = list.map(member => equals(value, member))
      const within = answers.includes(true) ? true : answers.includes(null) ? null : false
      return within === null ? null : within !== expression.negated
    }
    case 'between': {
      const [value, low, high] = [of(expression.of), of(expression.low), of(expression.high)]
      if (value === null || low === null || high === null) return null
      return (compare(value, low) >= 0 && compare(value, high) <= 0) !== expression.negated
    }
    case 'like': {
      const [value, pattern] = [textOf(of(expression.of)), textOf(of(expression.pattern))]
      const escaped = expression.escape ? textOf(of(expression.escape)) : null
      return value === null || pattern === null ? null : like(value, pattern, escaped) !== expression.negated
    }
    default:
      throw new OraError(920, 'invalid relational operator')
  }
}

function holdsBinary(
  { operator, left, right }: Extract<Expression, { kind: 'binary' }>,
  scope: Scope,
  world: World,
): boolean | null {
  if (operator === 'AND' || operator === 'OR') {
    const deciding = operator === 'OR'
    const one = holds(left, scope, world)
    if (one === deciding) return deciding
    const other = holds(right, scope, world)
    if (other === deciding) return deciding
    return one === null || other === null ? null : !deciding
  }
  const [one, other] = [evaluate(left, scope, world), evaluate(right, scope, world)]
  if (one === null || other === null) return null
  const order = compare(one, other)
  switch (operator) {
    case '=':
      return order === 0
    case '<>':
      return order !== 0
    case '<':
      return order < 0
    case '>':
      return order > 0
    case '<=':
      return order <= 0
    case '>=':
      return order >= 0
    default:
      throw new OraError(920, 'invalid relational operator')
  }
}

function equals(one: Value, other: Value): boolean | null {
  return one === null || other === null ? null : compare(one, other) === 0
}

function like(value: string, pattern: string, escaped: string | null): boolean {
  let source = ''
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!
    if (char === escaped) source += literally(pattern[++at] ?? '')
    else source += char === '%' ? '[\\s\\S]*' : char === '_' ? '[\\s\\S]' : literally(char)
  }
  return new RegExp(`^${source}$`, 'u').test(value)
}

function literally(char: string): string {
  return char.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

function aggregate(
  { name, args, star, distinct, at }: Extract<Expression, { kind: 'call' }>,
  scope: Scope,
  world: World,
): Value {
  if (scope.group === null) throw new OraError(934, 'group function is not allowed here', at)
  if (star) return BigInt(scope.group.length)
  const all = scope.group.map(relations => evaluate(args[0]!, { ...scope, relations, group: null }, world))
  const known = all.filter(value => value !== null)
  const values = distinct ? [...new Map(known.map(value => [String(value), value])).values()] : known
  if (name === 'COUNT') return BigInt(values.length)
  if (values.length === 0) return null
  const ordered = values.toSorted(compare)
  if (name === 'MIN') return ordered[0]!
  if (name === 'MAX') return ordered.at(-1)!
  const sum = values.map(toNumber).reduce((total, value) => add(total, value, 1) as bigint | number, 0n)
  return name === 'SUM' ? sum : divide(sum, BigInt(values.length))
}
