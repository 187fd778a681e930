import type { SqlType, SqlValue } from './types.ts'

/** A column of rows that are objects: its value is asked for only when a statement wants it. */
export interface Column<Row> {
  name: string
  type: SqlType
  value(row: Row): SqlValue
}

/** What a query reads from. */
export interface Table<Row = unknown> {
  columns: Column<Row>[]
  rows: Row[]
}

/** Hides what the rows are: columns and rows of one table belong together and are never mixed. */
export function table<Row>(columns: Column<Row>[], rows: Row[]): Table {
  return { columns, rows } as unknown as Table
}

/** Columns of a definition list: `[name, type, value]`. */
export function columnsOf<Row>(definitions: [string, SqlType, (row: Row) => SqlValue][]): Column<Row>[] {
  return definitions.map(([name, type, value]) => ({ name, type, value }))
}

/** A result, or a table variable: rows as lists of values. */
export interface Result {
  columns: { name: string; type: SqlType }[]
  rows: SqlValue[][]
}

export function tableOf(result: Result): Table {
  const columns = result.columns.map(({ name, type }, at) => ({ name, type, value: (row: SqlValue[]) => row[at]! }))
  return table(columns, result.rows)
}
