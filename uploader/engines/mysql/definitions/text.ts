import type { Row } from '../connection/server.ts'

/** The value as text; NULL is a mistake of ours where this is used. */
export function text(row: Row, column: string): string {
  const value = row[column]
  if (!value) throw new TypeError(`${column} is missing or NULL`)
  return value.toString()
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column]?.toString() ?? null
}
