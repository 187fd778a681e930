import type { Table } from './table.ts'
import type { SqlType, SqlValue } from './types.ts'

/** A function of T-SQL that makes one value of others. */
export interface ScalarFunction {
  /** How many arguments it takes, at least and at most. */
  arity: [number, number]
  /** @param constants the arguments that are literals; undefined stands for the others */
  type(types: SqlType[], constants: (SqlValue | undefined)[]): SqlType
  evaluate(values: SqlValue[], types: SqlType[]): SqlValue
}

export interface Variable {
  type: SqlType
  value: SqlValue
}

/** What a query sees of the session that sends it. */
export interface Context {
  caseSensitive: boolean
  /** @param name with its @. @throws SqlError 137 */
  variable(name: string): Variable
  /** @throws SqlError 208, and what keeps the session from reading it */
  table(path: string[]): Table
  /** A table variable. */
  tableVariable(name: string): Table
  /** @throws SqlError 208 */
  tableFunction(path: string[], values: SqlValue[]): Table
  /** A function's columns are known before its arguments are. @throws SqlError 208 */
  tableFunctionShape(path: string[]): Table
  function(path: string[]): ScalarFunction | undefined
}
