import type { ColumnFormat, LiteralForm } from './column.ts'

/** LiteralForm as a number, for the loop over a row's values. */
export const digits = 0
export const quoted = 1
export const hex = 2
export const nothing = 3
const numbers: Record<LiteralForm, number> = { digits, quoted, hex, nothing }

export function formsOf(columns: readonly ColumnFormat[]): Uint8Array {
  return Uint8Array.from(columns, ({ form }) => numbers[form])
}

/** What stands before the value's own bytes. */
export function openingsOf(columns: readonly ColumnFormat[]): Buffer[] {
  return columns.map(({ form, introducer }) =>
    Buffer.from(form === 'quoted' ? `${introducer}'` : form === 'hex' ? '0x' : '', 'latin1'),
  )
}

/** For each byte the letter that stands for it after a backslash, or 0. */
const escapes = new Uint8Array(256)
escapes[0x00] = 0x30 // \0
escapes[0x0a] = 0x6e // \n, so that no line end is ever inside of a value
escapes[0x0d] = 0x72 // \r
escapes[0x1a] = 0x5a // \Z
escapes[0x22] = 0x22
escapes[0x27] = 0x27
escapes[0x5c] = 0x5c

const hexDigits = Buffer.from('0123456789ABCDEF')

// Each writer takes input[at, end), needs room for twice as many bytes in output from `out` on, and returns the new `out`.

export function writeDigits(input: Uint8Array, at: number, end: number, output: Uint8Array, out: number): number {
  while (at < end) output[out++] = input[at++]!
  return out
}

export function writeEscaped(input: Uint8Array, at: number, end: number, output: Uint8Array, out: number): number {
  while (at < end) {
    const byte = input[at++]!
    const letter = escapes[byte]!
    if (letter === 0) output[out++] = byte
    else {
      output[out++] = 0x5c
      output[out++] = letter
    }
  }
  return out
}

export function writeHex(input: Uint8Array, at: number, end: number, output: Uint8Array, out: number): number {
  while (at < end) {
    const byte = input[at++]!
    output[out++] = hexDigits[byte >> 4]!
    output[out++] = hexDigits[byte & 15]!
  }
  return out
}

export function writeNull(output: Uint8Array, out: number): number {
  output[out] = 0x4e
  output[out + 1] = 0x55
  output[out + 2] = 0x4c
  output[out + 3] = 0x4c
  return out + 4
}
