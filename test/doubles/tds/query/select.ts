import type { Condition, Expression, Order, Select, SelectItem } from '../language/syntax.ts'
import { refused } from '../model/sql-error.ts'
import { aggregates } from './aggregate.ts'
import { compareValues, groupKey } from './compare.ts'
import { type Compiled, type CompiledSelect, Compiler } from './compile.ts'
import type { Context } from './context.ts'
import { convert } from './convert.ts'
import { join, namedTable } from './join.ts'
import type { Row, Scope } from './scope.ts'
import type { SqlValue } from './types.ts'

interface Output extends Compiled {
  name: string
}

/** A query that stands by itself. @throws SqlError */
export function compileQuery(select: Select, context: Context): CompiledSelect {
  return compileSelect(select, new Compiler(context, compileSelect), null)
}

export function compilerFor(context: Context): Compiler {
  return new Compiler(context, compileSelect)
}

function compileSelect(select: Select, compiler: Compiler, outer: Scope | null): CompiledSelect {
  const scope: Scope = { sources: [], outer, aggregates: false }
  const joins = select.sources.map(source => {
    scope.sources = [...scope.sources, namedTable(source, compiler, scope, outer)]
    return join(source, compiler, scope)
  })
  const where = select.where === null ? null : compiler.condition(select.where, scope)
  const grouped = select.groupBy.length > 0 || select.having !== null || hasAggregate(select)
  const inList: Scope = { ...scope, aggregates: grouped }
  const keys = select.groupBy.map(each => compiler.expression(each, scope))
  if (grouped) checkGrouping(select)
  const outputs = select.items.flatMap(item => outputsOf(item, compiler, inList))
  const having = select.having === null ? null : compiler.condition(select.having, inList)
  const order = select.union === null ? select.orderBy.map(each => orderKey(each, outputs, compiler, inList)) : []
  const union = select.union === null ? null : compileSelect(select.union, compiler, outer)
  const unionOrder = union ? select.orderBy.map(each => outputKey(each, outputs)) : []
  const { caseSensitive } = compiler.context
  const top = select.top === null ? null : compiler.expression(select.top, { ...scope, sources: [] })

  const rowsOf = (around: Row | null): Row[] => {
    let rows: Row[] = [{ records: [], outer: around, group: [] }]
    for (const each of joins) rows = each(rows)
    if (where) rows = rows.filter(row => where(row) === true)
    if (!grouped) return rows
    const groups = group(rows, keys, caseSensitive, around)
    return having ? groups.filter(row => having(row) === true) : groups
  }

  return {
    columns: outputs.map(({ name, type }) => ({ name, type })),
    run: around => {
      let found = rowsOf(around).map(row => {
        return { values: outputs.map(each => each.evaluate(row)), keys: order.map(each => each.evaluate(row)) }
      })
      if (select.distinct) found = distinct(found, caseSensitive)
      if (union) {
        const more = union.run(around).map(values => {
          return {
            values: values.map((each, at) => convert(each, union.columns[at]!.type, outputs[at]!.type)),
            keys: [],
          }
        })
        found = [...found, ...more].map(each => ({ ...each, keys: unionOrder.map(at => each.values[at]!) }))
      }
      found = sorted(found, select.orderBy, caseSensitive)
      const limit = top === null ? found.length : Number(top.evaluate({ records: [], outer: around, group: [] }))
      return found.slice(0, limit).map(each => each.values)
    },
  }
}

interface Found {
  values: SqlValue[]
  keys: SqlValue[]
}

function distinct(rows: Found[], caseSensitive: boolean): Found[] {
  return [...new Map(rows.map(row => [groupKey(row.values, caseSensitive), row])).values()]
}

function sorted(rows: Found[], order: Order[], caseSensitive: boolean): Found[] {
  if (order.length === 0) return rows
  return rows.toSorted((one, other) => {
    for (const [at, { descending }] of order.entries()) {
      const [left, right] = [one.keys[at]!, other.keys[at]!]
      // NULL is the lowest value.
      const by =
        left === null || right === null
          ? Number(left !== null) - Number(right !== null)
          : compareValues(left, right, caseSensitive)
      if (by !== 0) return descending ? -by : by
    }
    return 0
  })
}

function group(rows: Row[], keys: Compiled[], caseSensitive: boolean, outer: Row | null): Row[] {
  if (keys.length === 0) return [{ records: rows[0]?.records ?? [], outer, group: rows }]
  const groups = Map.groupBy(rows, row =>
    groupKey(
      keys.map(key => key.evaluate(row)),
      caseSensitive,
    ),
  )
  return [...groups.values()].map(each => ({ records: each[0]!.records, outer, group: each }))
}

function outputsOf(item: SelectItem, compiler: Compiler, scope: Scope): Output[] {
  if (!item.star) {
    const value = item.value!
    const name = item.alias ?? (value.kind === 'column' ? value.path.at(-1)! : '')
    return [{ ...compiler.expression(value, scope), name }]
  }
  const [alias] = item.path
  const wanted = scope.sources.flatMap((source, at) =>
    alias === undefined || source.name.toLowerCase() === alias.toLowerCase() ? [{ source, at }] : [],
  )
  if (wanted.length === 0) throw alias === undefined ? refused(263) : refused(107, alias)
  return wanted.flatMap(({ source, at }) =>
    source.table.columns.map(column => ({
      name: column.name,
      type: column.type,
      constant: false,
      evaluate: (row: Row) => (row.records[at] === undefined ? null : column.value(row.records[at])),
    })),
  )
}

/** ORDER BY a column of the result by its name or its number, or any expression. */
function orderKey(order: Order, outputs: Output[], compiler: Compiler, scope: Scope): Compiled {
  return named(order, outputs) ?? compiler.expression(order.value, scope)
}

function outputKey(order: Order, outputs: Output[]): number {
  const found = named(order, outputs)
  if (!found) throw refused(104)
  return outputs.indexOf(found)
}

function named({ value }: Order, outputs: Output[]): Output | undefined {
  if (value.kind === 'literal' && value.type === 'number') {
    const output = outputs[Number(value.text) - 1]
    if (!output) throw refused(108, value.text)
    return output
  }
  if (value.kind !== 'column' || value.path.length !== 1) return undefined
  return outputs.find(output => output.name.toLowerCase() === value.path[0]!.toLowerCase())
}

function hasAggregate(select: Select): boolean {
  return select.items.some(item => item.value !== null && contains(item.value))
}

function contains(expression: Expression): boolean {
  switch (expression.kind) {
    case 'call':
      return (
        (expression.path.length === 1 && aggregates[expression.path[0]!.toLowerCase()] !== undefined) ||
        expression.arguments.some(contains)
      )
    case 'convert':
    case 'negative':
      return contains(expression.value)
    case 'operator':
      return contains(expression.left) || contains(expression.right)
    case 'case':
      return (
        expression.branches.some(branch => contains(branch.value) || inCondition(branch.when)) ||
        (expression.otherwise !== null && contains(expression.otherwise))
      )
    default:
      return false
  }
}

function inCondition(condition: Condition): boolean {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return inCondition(condition.left) || inCondition(condition.right)
    case 'not':
      return inCondition(condition.condition)
    case 'compare':
      return contains(condition.left) || contains(condition.right)
    case 'exists':
      return false
    default:
      return contains(condition.value)
  }
}

/** In a grouped query a column stands in an aggregate or in GROUP BY. @throws SqlError 8120 */
function checkGrouping(select: Select): void {
  const keys = select.groupBy.map(each => JSON.stringify(each).toLowerCase())
  const check = (expression: Expression): void => {
    if (keys.includes(JSON.stringify(expression).toLowerCase())) return
    switch (expression.kind) {
      case 'column':
        throw refused(8120, expression.path.join('.'))
      case 'call':
        if (aggregates[expression.path.at(-1)!.toLowerCase()] === undefined) expression.arguments.forEach(check)
        return
      case 'convert':
      case 'negative':
        check(expression.value)
        return
      case 'operator':
        check(expression.left)
        check(expression.right)
        return
      case 'case':
        for (const branch of expression.branches) check(branch.value)
        if (expression.otherwise) check(expression.otherwise)
        return
      default:
        return
    }
  }
  for (const item of select.items) if (item.value) check(item.value)
}
