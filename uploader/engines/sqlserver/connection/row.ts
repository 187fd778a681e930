import type { Row } from './server.ts'

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

export function guidOrNull(row: Row, column: string): string | null {
  return textOrNull(row, column)?.trim().toLowerCase() ?? null
}

/** Bits, and functions that answer with 0 or 1. */
export function flag(row: Row, column: string): boolean {
  return row[column] === true || row[column] === 1
}
