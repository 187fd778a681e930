import { OraError } from '../ora.ts'
import type { TypeName } from '../value.ts'
import { aggregates, find, pseudoColumns, type ScalarFunction, type Scope, type World } from './scope.ts'
import type { Expression, Query } from './syntax.ts'

/**
 * The type of an expression, known before any row is: every name in it is looked up on the way.
 *
 * @throws OraError for names that stand for nothing
 */
export function describe(expression: Expression, scope: Scope, world: World): TypeName {
  const of = (inner: Expression) => describe(inner, scope, world)
  switch (expression.kind) {
    case 'literal':
      return expression.type
    case 'bind':
      return world.binds[expression.index]?.type ?? 'VARCHAR2'
    case 'column':
      return describeName(expression, scope, world)
    case 'call':
      return describeCall(expression, scope, world)
    case 'binary':
      return describeBinary(expression.operator, of(expression.left), of(expression.right))
    case 'negative':
      of(expression.of)
      return 'NUMBER'
    case 'case': {
      if (expression.subject) of(expression.subject)
      for (const { when } of expression.whens) of(when)
      const results = [...expression.whens.map(({ gives }) => gives), expression.otherwise].filter(
        result => result !== null,
      )
      const types = results.map(result => ({
        type: of(result),
        isNull: result.kind === 'literal' && result.value === null,
      }))
      return (types.find(({ isNull }) => !isNull) ?? types[0]!).type
    }
    case 'query':
      return world.describe(expression.query, scope)[0]!.type
    default:
      describeCondition(expression, of, query => world.describe(query, scope))
      return 'NUMBER'
  }
}

function describeCondition(
  expression: Extract<Expression, { kind: 'not' | 'in' | 'between' | 'like' | 'null' | 'exists' }>,
  of: (inner: Expression) => TypeName,
  ofQuery: (query: Query) => unknown,
): void {
  if (expression.kind === 'exists') ofQuery(expression.query)
  else of(expression.of)
  if (expression.kind === 'in') {
    if (Array.isArray(expression.list)) expression.list.forEach(of)
    else ofQuery(expression.list)
  }
  if (expression.kind === 'between') [expression.low, expression.high].forEach(of)
  if (expression.kind === 'like') of(expression.pattern)
}

function describeName(
  { table, name, at }: Extract<Expression, { kind: 'column' }>,
  scope: Scope,
  world: World,
): TypeName {
  if (table === null && name === 'ROWNUM') return 'NUMBER'
  if (table === null && pseudoColumns.has(name)) return world.call(name)!.type as TypeName
  const { relation, index } = find(scope, table, name, at)
  return relation.columns[index]!.type
}

function describeCall(
  { name, args, star, at }: Extract<Expression, { kind: 'call' }>,
  scope: Scope,
  world: World,
): TypeName {
  const types = args.map(arg => describe(arg, scope, world))
  if (aggregates.has(name)) return name === 'MIN' || name === 'MAX' ? types[0]! : 'NUMBER'
  const called = world.call(name)
  if (called === null || star) throw new OraError(904, `"${name.replaceAll('.', '"."')}": invalid identifier`, at)
  return typeOfCall(called, types, at)
}

function typeOfCall({ args: [least, most], type }: ScalarFunction, types: TypeName[], at: number): TypeName {
  if (types.length < least) throw new OraError(938, 'not enough arguments for function', at)
  if (types.length > most) throw new OraError(939, 'too many arguments for function', at)
  return typeof type === 'string' ? type : type(types)
}

function describeBinary(operator: string, left: TypeName, right: TypeName): TypeName {
  if (operator === '||') return 'VARCHAR2'
  const isTime = (type: TypeName) => type === 'DATE' || type === 'TIMESTAMP' || type === 'TIMESTAMP_TZ'
  if ((operator === '+' || operator === '-') && isTime(left) && !isTime(right)) return 'DATE'
  return 'NUMBER'
}
