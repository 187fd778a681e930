import { OraError } from '../ora.ts'
import type { Bind } from '../server.ts'
import type { Column, TypeName, Value } from '../value.ts'
import type { Query } from './syntax.ts'

export interface Table {
  columns: Column[]
  rows: Value[][]
}

/** What a name in a statement may stand for. */
export interface World {
  /** @returns null where there is no such view, or it may not be seen */
  table(name: string): Table | null
  call(name: string): ScalarFunction | null
  binds: Bind[]
  /** Queries within expressions. @param scope the row around them */
  run(query: Query, scope: Scope): Table
  describe(query: Query, scope: Scope): Column[]
}

export interface ScalarFunction {
  /** Least and most arguments. */
  args: [number, number]
  type: TypeName | ((args: TypeName[]) => TypeName)
  evaluate(...args: Value[]): Value
}

export interface Relation {
  alias: string
  columns: Column[]
  row: Value[]
}

/** The row that is looked at, and those of the queries around. */
export interface Scope {
  relations: Relation[]
  /** Rows of the group that is looked at; null where there is none. */
  group: Relation[][] | null
  rownum: bigint
  parent: Scope | null
}

/** @throws OraError 904 for a column that is not there, 918 where more than one table has it */
export function find(
  scope: Scope,
  table: string | null,
  name: string,
  at: number,
): { relation: Relation; index: number } {
  for (let around: Scope | null = scope; around !== null; around = around.parent) {
    const found = around.relations.flatMap(relation => {
      if (table !== null && relation.alias !== table) return []
      const index = relation.columns.findIndex(column => column.name === name)
      return index < 0 ? [] : [{ relation, index }]
    })
    if (found.length > 1) throw new OraError(918, 'column ambiguously defined', at)
    if (found.length === 1) return found[0]!
  }
  const quoted = [table, name].filter(part => part !== null).map(part => `"${part}"`)
  throw new OraError(904, `${quoted.join('.')}: invalid identifier`, at)
}

/** Names that are no columns and stand without parentheses. */
export const pseudoColumns = new Set([
  'SYSDATE',
  'SYSTIMESTAMP',
  'CURRENT_DATE',
  'USER',
  'DBTIMEZONE',
  'SESSIONTIMEZONE',
])

export const aggregates = new Set(['COUNT', 'MIN', 'MAX', 'SUM', 'AVG'])
