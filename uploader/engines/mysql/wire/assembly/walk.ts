// AssemblyScript: TypeScript's syntax over WebAssembly's numbers and one flat memory. `npm run wasm` makes walk-module.ts of this folder, and a test
// holds the two together. Rows are walked here because a value's bytes are never an object: in JavaScript the digits of numbers alone made garbage of
// several times the rows.
//
// Addresses are laid out by row-memory.ts. The answer's packets lie between `at` and `end`, the text goes to `out`.

import { writeCardinal, writeDouble, writeFloat, writeWhole } from './numbers'
import { writeBytes, writeEscaped, writeHex } from './text'
import { writeDate, writeDatetime, writeTime } from './times'

export { writeBytes, writeEscaped, writeHex }

/** Sixteen bytes for each column: address and length of what stands before its value, encoding, form, decimals. */
const recordShift = 4

/** Where the input goes on. */
export let at: i32 = 0
/** Where the output goes on. */
export let out: i32 = 0
/** Bytes of the statement under way; 0 between statements. */
export let statement: i32 = 0
/** Whether that statement has no row yet. */
export let fresh: bool = false
export let rows: i32 = 0

// What stops a walk, as in row-writer.ts.
const starved = 0
const full = 1
const other = 2
const statementNeeded = 3
const statementLong = 4

/**
 * Writes every row that is here completely.
 * @param plan address of the columns' records
 * @param limit where the output ends
 * @param slack what the literals of a row can need beyond twice its bytes
 * @param longest bytes of a packet that is not left to others
 */
export function walk(
  plan: i32,
  columns: i32,
  end: i32,
  limit: i32,
  slack: i32,
  longest: i32,
  statementLimit: i32,
): i32 {
  while (true) {
    const body = at + 4
    if (end <= body) return starved
    const length = <i32>(load<u32>(at) & 0xffffff)
    if (length > longest || load<u8>(body) !== 0) return other
    if (end < body + length) return starved
    if (out + 2 * length + slack > limit) return full
    if (statement === 0) return statementNeeded
    const before = out
    if (!fresh) {
      if (statement + 2 * length + slack > statementLimit) return statementLong
      store<u16>(out, 0x0a2c)
      out += 2
    }
    fresh = false
    out = writeRow(plan, columns, body, out)
    statement += out - before
    rows++
    at = body + length
  }
}

/** 0x00 │ a bit for each column that is NULL, from the third on │ the values of the others */
function writeRow(plan: i32, columns: i32, body: i32, out: i32): i32 {
  const nulls = body + 1
  let at = nulls + ((columns + 9) >> 3)
  store<u8>(out++, 0x28)
  for (let column = 0; column < columns; column++) {
    if (column > 0) store<u8>(out++, 0x2c)
    const bit = column + 2
    if (load<u8>(nulls + (bit >> 3)) & (1 << (bit & 7))) {
      store<u32>(out, 0x4c4c554e)
      out += 4
      continue
    }
    const record = plan + (column << recordShift)
    const encoding = load<u8>(record, 8)
    const form = load<u8>(record, 9)
    if (encoding !== bytes) {
      if (form === nothing) {
        at += sizeOf(encoding, at)
        continue
      }
      if (form === quoted) store<u8>(out++, 0x27)
      out = writePlain(encoding, load<u8>(record, 10), at, out)
      if (form === quoted) store<u8>(out++, 0x27)
      at += sizeOf(encoding, at)
      continue
    }
    // Values of a row that is not big have at most 64 KiB: one byte, 0xfc and two bytes, or 0xfd and three.
    let size: i32 = load<u8>(at++)
    if (size === 0xfc) {
      size = load<u16>(at)
      at += 2
    } else if (size === 0xfd) {
      size = load<u32>(at) & 0xffffff
      at += 3
    }
    const end = at + size
    if (form === digits) out = writeBytes(at, end, out)
    else {
      const opening = <i32>load<u32>(record)
      out = writeBytes(opening, opening + <i32>load<u32>(record, 4), out)
      if (form === hex) out = writeHex(at, end, out)
      else {
        out = writeEscaped(at, end, out)
        store<u8>(out++, 0x27)
      }
    }
    at = end
  }
  store<u8>(out++, 0x29)
  return out
}

// As in literals.ts.
const digits = 0
const quoted = 1
const hex = 2
const nothing = 3

// As in encoding.ts.
const bytes = 0
const int8 = 1
const uint8 = 2
const int16 = 3
const uint16 = 4
const int32 = 5
const uint32 = 6
const int64 = 7
const uint64 = 8
const float = 9
const double = 10
const date = 11
const datetime = 12

/** The text of a value that is not `bytes`; none needs escaping. */
export function writePlain(encoding: i32, decimals: i32, at: i32, out: i32): i32 {
  switch (encoding) {
    case int8:
      return writeWhole(load<i8>(at), out)
    case uint8:
      return writeCardinal(load<u8>(at), out)
    case int16:
      return writeWhole(load<i16>(at), out)
    case uint16:
      return writeCardinal(load<u16>(at), out)
    case int32:
      return writeWhole(load<i32>(at), out)
    case uint32:
      return writeCardinal(load<u32>(at), out)
    case int64:
      return writeWhole(load<i64>(at), out)
    case uint64:
      return writeCardinal(load<u64>(at), out)
    case float:
      return writeFloat(load<f32>(at), out)
    case double:
      return writeDouble(load<f64>(at), out)
    case date:
      return writeDate(at, out)
    case datetime:
      return writeDatetime(at, decimals, out)
    default:
      return writeTime(at, decimals, out)
  }
}

/** Bytes of a value that is not `bytes`. */
export function sizeOf(encoding: i32, at: i32): i32 {
  if (encoding <= uint8) return 1
  if (encoding <= uint16) return 2
  if (encoding <= uint32 || encoding === float) return 4
  if (encoding <= double) return 8
  return 1 + load<u8>(at)
}
