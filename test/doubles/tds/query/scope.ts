import { refused } from '../model/sql-error.ts'
import type { Column, Table } from './table.ts'

/** One row of a query: a record of each of its sources, undefined where a left join found none. */
export interface Row {
  records: unknown[]
  /** The row of the query around this one. */
  outer: Row | null
  /** The rows that are grouped into this one. */
  group: Row[]
}

export interface NamedTable {
  name: string
  table: Table
}

/** What a name may mean at some place of a query. */
export interface Scope {
  sources: NamedTable[]
  outer: Scope | null
  /** Aggregates may stand here. */
  aggregates: boolean
}

export interface Resolved {
  column: Column<unknown>
  /** Which of the sources it belongs to, and how many queries around this one. */
  source: number
  depth: number
}

/** @throws SqlError 207, 209, 4104 */
export function resolve(scope: Scope, path: string[]): Resolved {
  for (let at: Scope | null = scope, depth = 0; at; at = at.outer, depth++) {
    const found = inSources(at.sources, path)
    if (found) return { ...found, depth }
  }
  const table = path.at(-2)
  if (table === undefined || isSource(scope, table)) throw refused(207, path.at(-1)!)
  throw refused(4104, path.join('.'))
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

function isSource(scope: Scope, name: string): boolean {
  return scope.sources.some(source => same(source.name, name)) || (scope.outer !== null && isSource(scope.outer, name))
}

function inSources(sources: NamedTable[], path: string[]): Omit<Resolved, 'depth'> | undefined {
  const table = path.at(-2)
  const name = path.at(-1)!
  const found = sources.flatMap((source, at) => {
    if (table !== undefined && !same(source.name, table)) return []
    const column = source.table.columns.find(each => same(each.name, name))
    return column ? [{ column, source: at }] : []
  })
  if (found.length > 1) throw refused(209, name)
  return found[0]
}
