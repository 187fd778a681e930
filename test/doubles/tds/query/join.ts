import type { Condition, Source } from '../language/syntax.ts'
import { refused } from '../model/sql-error.ts'
import { groupKey } from './compare.ts'
import type { Compiler } from './compile.ts'
import { convert } from './convert.ts'
import { type NamedTable, type Row, resolve, type Scope } from './scope.ts'
import { table as makeTable } from './table.ts'
import { commonType, type SqlType, type SqlValue } from './types.ts'

type Join = (rows: Row[]) => Row[]

/** The table that a source names, without its rows where those depend on other sources. */
export function namedTable(source: Source, compiler: Compiler, scope: Scope, outer: Scope | null): NamedTable {
  const { table, alias } = source
  switch (table.kind) {
    case 'table':
      return { name: alias ?? table.path.at(-1)!, table: compiler.context.table(table.path) }
    case 'variable':
      return { name: alias ?? table.name, table: compiler.context.tableVariable(table.name) }
    case 'function':
      return { name: alias ?? table.path.at(-1)!, table: compiler.context.tableFunctionShape(table.path) }
    case 'select': {
      if (alias === null) throw refused(102, ')')
      const applied = source.join.endsWith('apply')
      const select = compiler.compileSelect(table.select, compiler, applied ? scope : (outer ?? nothing))
      const columns = select.columns.map(({ name, type }, at) => {
        return { name, type, value: (row: SqlValue[]) => row[at]! }
      })
      return { name: alias, table: makeTable(columns, []) }
    }
  }
}

const nothing: Scope = { sources: [], outer: null, aggregates: false }

/** How a source's rows join those that are there. The scope's last source is the one that joins. */
export function join(source: Source, compiler: Compiler, scope: Scope): Join {
  const recordsOf = records(source, compiler, scope)
  const on = source.on === null ? null : compiler.condition(source.on, scope)
  const index = source.on === null ? undefined : equality(source.on, compiler, scope)
  const keepsAll = source.join === 'left' || source.join === 'outer-apply'
  return rows => {
    const look = index?.(recordsOf(rows[0]))
    return rows.flatMap(row => {
      const candidates = look ? look(row) : recordsOf(row)
      const joined = candidates
        .map(record => ({ ...row, records: [...row.records, record] }))
        .filter(each => on === null || on(each) === true)
      return joined.length === 0 && keepsAll ? [{ ...row, records: [...row.records, undefined] }] : joined
    })
  }
}

/** The rows of a source; those of APPLY depend on the row they are applied to. */
function records(source: Source, compiler: Compiler, scope: Scope): (row: Row | undefined) => unknown[] {
  const { table } = source
  const before: Scope = { ...scope, sources: scope.sources.slice(0, -1) }
  if (table.kind === 'function') {
    const values = table.arguments.map(each => compiler.expression(each, before))
    return row => {
      if (!row) return []
      return compiler.context.tableFunction(
        table.path,
        values.map(each => each.evaluate(row)),
      ).rows
    }
  }
  if (table.kind === 'select') {
    const applied = source.join.endsWith('apply')
    const select = compiler.compileSelect(table.select, compiler, applied ? before : (scope.outer ?? nothing))
    return row => (row ? select.run(applied ? row : row.outer) : [])
  }
  const { rows } = scope.sources.at(-1)!.table
  return () => rows
}

/** Where two columns must be equal, rows are looked up instead of tried one by one. */
function equality(on: Condition, compiler: Compiler, scope: Scope) {
  const pair = equalColumns(on, scope)
  if (!pair) return undefined
  const [own, other, type] = pair
  const last = scope.sources.length - 1
  const { caseSensitive } = compiler.context
  const key = (value: SqlValue, from: SqlType) => groupKey([convert(value, from, type)], caseSensitive)
  return (found: unknown[]) => {
    const groups = Map.groupBy(found, record => key(own.column.value(record), own.column.type))
    return (row: Row): unknown[] => {
      const record = row.records[other.source]
      if (other.source === last || record === undefined) return []
      return groups.get(key(other.column.value(record), other.column.type)) ?? []
    }
  }
}

type Found = ReturnType<typeof resolve>

function equalColumns(on: Condition, scope: Scope): [Found, Found, SqlType] | undefined {
  if (on.kind === 'and') return equalColumns(on.left, scope) ?? equalColumns(on.right, scope)
  if (on.kind !== 'compare' || on.operator !== '=' || on.left.kind !== 'column' || on.right.kind !== 'column') return
  const [left, right] = [resolve(scope, on.left.path), resolve(scope, on.right.path)]
  const last = scope.sources.length - 1
  if (left.depth > 0 || right.depth > 0 || (left.source === last) === (right.source === last)) return
  const [own, other] = left.source === last ? [left, right] : [right, left]
  return [own, other, commonType(own.column.type, other.column.type)]
}
