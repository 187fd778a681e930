import type { ColumnFormat, LiteralForm } from './column.ts'

/** LiteralForm as a number, for the walk over a row's values. */
export const digits = 0
export const quoted = 1
export const hex = 2
export const nothing = 3
const numbers: Record<LiteralForm, number> = { digits, quoted, hex, nothing }

export function formOf({ form }: ColumnFormat): number {
  return numbers[form]
}

/** What stands before the value's own bytes. */
export function openingOf({ form, introducer }: ColumnFormat): Buffer {
  return Buffer.from(form === 'quoted' ? `${introducer}'` : form === 'hex' ? '0x' : '', 'latin1')
}
