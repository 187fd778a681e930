// AssemblyScript (see walk.ts). Each writer takes the value at `at`, whose first byte is its length; what is left out is zero.

import { writeCardinal, writePadded, writePair } from './numbers'

const dash: u8 = 0x2d
const colon: u8 = 0x3a
const space: u8 = 0x20
const point: u8 = 0x2e

export function writeDate(at: i32, out: i32): i32 {
  const some = load<u8>(at) > 0
  writePadded(some ? load<u16>(at + 1) : 0, 4, out)
  store<u8>(out + 4, dash)
  writePair(some ? load<u8>(at + 3) : 0, out + 5)
  store<u8>(out + 7, dash)
  writePair(some ? load<u8>(at + 4) : 0, out + 8)
  return out + 10
}

export function writeDatetime(at: i32, decimals: i32, out: i32): i32 {
  const length = load<u8>(at)
  out = writeDate(at, out)
  store<u8>(out, space)
  writePair(length > 4 ? load<u8>(at + 5) : 0, out + 1)
  out = writeSixtieth(at + 6, length > 4, out + 3)
  out = writeSixtieth(at + 7, length > 4, out)
  return writeMicroseconds(at + 8, length > 7, decimals, out)
}

/** Up to ±838:59:59; the server gives days and hours of the day. */
export function writeTime(at: i32, decimals: i32, out: i32): i32 {
  const length = load<u8>(at)
  if (length > 0 && load<u8>(at + 1) === 1) store<u8>(out++, dash)
  const hours: u32 = length > 0 ? load<u32>(at + 2) * 24 + load<u8>(at + 6) : 0
  out = hours > 99 ? writeCardinal(hours, out) : writePadded(hours, 2, out)
  out = writeSixtieth(at + 7, length > 0, out)
  out = writeSixtieth(at + 8, length > 0, out)
  return writeMicroseconds(at + 9, length > 8, decimals, out)
}

/** Minutes or seconds. */
function writeSixtieth(at: i32, some: bool, out: i32): i32 {
  store<u8>(out, colon)
  writePair(some ? load<u8>(at) : 0, out + 1)
  return out + 3
}

function writeMicroseconds(at: i32, some: bool, decimals: i32, out: i32): i32 {
  if (decimals === 0) return out
  store<u8>(out, point)
  // Written whole, then cut: the server has rounded to its decimals already.
  return writePadded(some ? load<u32>(at) : 0, 6, out + 1) - 6 + decimals
}
