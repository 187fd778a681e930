/** By the names of columns. */
type Row = Readonly<Record<string, unknown>>

/** @throws Error for what is not there: a statement of ours does not fit the server */
export function text(row: Row, column: string): string {
  const value = textOrNull(row, column)
  if (value === null) throw new Error(`the server gave no ${column}`)
  return value
}

export function textOrNull(row: Row, column: string): string | null {
  const value = row[column]
  return value === null || value === undefined ? null : String(value)
}
