import { text } from '../../row.ts'

/** Names of columns in small letters; numbers come as text, so that no SCN loses digits. */
export type Row = Record<string, unknown>

/** What is small enough for it: a number of a file or a thread, bytes. @throws as `text` */
export function number(row: Row, column: string): number {
  return Number(text(row, column))
}
