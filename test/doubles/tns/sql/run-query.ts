import { OraError } from '../ora.ts'
import type { Column, Value } from '../value.ts'
import { compare, toNumber } from './arithmetic.ts'
import { describe } from './describe.ts'
import { evaluate, holds } from './evaluate.ts'
import { aggregates, type Relation, type Scope, type Table, type World } from './scope.ts'
import type { Expression, Query, SelectItem, Source } from './syntax.ts'

/** The columns of a query, all of whose names are looked up. @throws OraError for a name that stands for nothing */
export function describeQuery(query: Query, world: World, parent: Scope | null = null): Column[] {
  const scope = emptyScope(query, world, parent)
  const conditions = [query.where, query.having, ...query.groupBy, ...query.sources.map(({ on }) => on)]
  for (const condition of conditions) if (condition) describe(condition, scope, world)
  const columns = query.items.flatMap(item => columnsOf(item, scope, world))
  for (const { by } of query.orderBy)
    if (positionOf(by, columns) === null && query.union === null) describe(by, scope, world)
  if (query.union && describeQuery(query.union.query, world, parent).length !== columns.length)
    throw new OraError(1789, 'query block has incorrect number of result columns')
  return columns
}

function emptyScope(query: Query, world: World, parent: Scope | null): Scope {
  const relations = query.sources.map(source => ({ ...tableOf(source, world, parent), alias: source.alias, row: [] }))
  return { relations, group: null, rownum: 0n, parent }
}

function columnsOf(item: SelectItem, scope: Scope, world: World): Column[] {
  if (item.kind === 'value') return [{ name: item.name, type: describe(item.expression, scope, world) }]
  const relations = scope.relations.filter(({ alias }) => item.table === null || alias === item.table)
  if (relations.length === 0) throw new OraError(904, `"${item.table}": invalid identifier`)
  return relations.flatMap(({ columns }) => columns)
}

function tableOf({ from }: Source, world: World, parent: Scope | null): Table {
  if (from.kind === 'query') return runQuery(from.query, world, parent)
  const table = world.table(from.name)
  if (table === null) throw new OraError(942, 'table or view does not exist', from.at)
  return table
}

export function runQuery(query: Query, world: World, parent: Scope | null = null): Table {
  const columns = describeQuery(query, world, parent)
  const scopes = scopesOf(query, world, parent)
  const grouped = query.groupBy.length > 0 || query.items.some(hasAggregate) || query.having !== null
  const groups = grouped ? groupsOf(query, scopes, world, parent) : scopes
  const results = groups.map(scope => ({ scope, row: query.items.flatMap(item => valuesOf(item, scope, world)) }))
  const distinct = query.distinct ? unique(results) : results
  const all = query.union ? united(distinct, query.union, world, parent) : distinct
  const ordered = sorted(all, query, columns, world)
  const first =
    query.first === null ? null : evaluate(query.first, scopes[0] ?? emptyScope(query, world, parent), world)
  const rows = ordered.map(({ row }) => row)
  return { columns, rows: first === null ? rows : rows.slice(0, Number(toNumber(first))) }
}

interface Result {
  /** null for a row of another query. */
  scope: Scope | null
  row: Value[]
}

/** One scope for each row that the sources give together and that WHERE lets pass; ROWNUM counts those that pass. */
function scopesOf(query: Query, world: World, parent: Scope | null): Scope[] {
  let joined: Relation[][] = [[]]
  for (const source of query.sources) {
    const { columns, rows } = tableOf(source, world, parent)
    joined = joined.flatMap(left => {
      const pairs = rows.map(row => [...left, { alias: source.alias, columns, row }])
      const { on } = source
      const matching =
        on === null
          ? pairs
          : pairs.filter(relations => holds(on, { relations, group: null, rownum: 0n, parent }, world) === true)
      if (matching.length > 0 || source.join !== 'left') return matching
      return [[...left, { alias: source.alias, columns, row: columns.map(() => null) }]]
    })
  }
  const passed: Scope[] = []
  for (const relations of joined) {
    const scope: Scope = { relations, group: null, rownum: BigInt(passed.length + 1), parent }
    if (query.where === null || holds(query.where, scope, world) === true) passed.push(scope)
  }
  return passed
}

function groupsOf(query: Query, scopes: Scope[], world: World, parent: Scope | null): Scope[] {
  const groups = new Map<string, Scope[]>()
  // Without GROUP BY there is one group, of no rows perhaps.
  if (query.groupBy.length === 0) groups.set('', scopes)
  else
    for (const scope of scopes) {
      const key = JSON.stringify(query.groupBy.map(by => String(evaluate(by, scope, world))))
      groups.set(key, [...(groups.get(key) ?? []), scope])
    }
  return [...groups.values()]
    .map(members => ({
      ...(members[0] ?? emptyScope(query, world, parent)),
      group: members.map(({ relations }) => relations),
    }))
    .filter(scope => query.having === null || holds(query.having, scope, world) === true)
}

function hasAggregate(item: SelectItem): boolean {
  return item.kind === 'value' && usesAggregate(item.expression)
}

function usesAggregate(expression: Expression): boolean {
  switch (expression.kind) {
    case 'call':
      return aggregates.has(expression.name) || expression.args.some(usesAggregate)
    case 'binary':
      return usesAggregate(expression.left) || usesAggregate(expression.right)
    case 'negative':
      return usesAggregate(expression.of)
    case 'case':
      return [
        ...expression.whens.map(({ gives }) => gives),
        ...(expression.otherwise ? [expression.otherwise] : []),
      ].some(usesAggregate)
    default:
      return false
  }
}

function valuesOf(item: SelectItem, scope: Scope, world: World): Value[] {
  if (item.kind === 'value') return [evaluate(item.expression, scope, world)]
  return scope.relations.filter(({ alias }) => item.table === null || alias === item.table).flatMap(({ row }) => row)
}

function unique(results: Result[]): Result[] {
  return [...new Map(results.map(result => [JSON.stringify(result.row.map(String)), result])).values()]
}

function united(results: Result[], union: NonNullable<Query['union']>, world: World, parent: Scope | null): Result[] {
  const more = runQuery(union.query, world, parent).rows.map(row => ({ scope: null, row }))
  return union.all ? [...results, ...more] : unique([...results, ...more])
}

/** Which column an ORDER BY names by number or alias; null where it is an expression of its own. */
function positionOf(by: Expression, columns: Column[]): number | null {
  if (by.kind === 'literal' && typeof by.value === 'bigint') {
    if (by.value < 1n || by.value > columns.length)
      throw new OraError(1785, 'ORDER BY item must be the number of a SELECT-list expression')
    return Number(by.value) - 1
  }
  const named = by.kind === 'column' && by.table === null ? columns.findIndex(({ name }) => name === by.name) : -1
  return named < 0 ? null : named
}

function sorted(results: Result[], query: Query, columns: Column[], world: World): Result[] {
  const keys = new Map(
    results.map(result => [
      result,
      query.orderBy.map(({ by }) => {
        const position = positionOf(by, columns)
        return position === null ? evaluate(by, result.scope!, world) : result.row[position]!
      }),
    ]),
  )
  return results.toSorted((one, other) => {
    for (const [index, { descending, nullsFirst }] of query.orderBy.entries()) {
      const order = orderOf(keys.get(one)![index]!, keys.get(other)![index]!, descending, nullsFirst)
      if (order !== 0) return order
    }
    return 0
  })
}

/** NULL is the greatest of all, where it is not said otherwise. */
function orderOf(one: Value, other: Value, descending: boolean, nullsFirst: boolean | null): number {
  const order = descending ? -1 : 1
  if (one === null || other === null) {
    if (one === other) return 0
    const first = nullsFirst ?? descending
    return (one === null) === first ? -1 : 1
  }
  return order * compare(one, other)
}
