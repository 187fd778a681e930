import { textOrNull } from '../../row.ts'
import type { Row } from './server.ts'

export function guidOrNull(row: Row, column: string): string | null {
  return textOrNull(row, column)?.trim().toLowerCase() ?? null
}

/** Bits, and functions that answer with 0 or 1. */
export function flag(row: Row, column: string): boolean {
  return row[column] === true || row[column] === 1
}
