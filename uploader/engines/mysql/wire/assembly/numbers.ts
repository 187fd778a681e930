// AssemblyScript (see walk.ts). Each writer puts a number's text at `out`, where 32 bytes are free, and returns where it ends.

import { dtoa_buffered } from 'util/number'

const minus: u8 = 0x2d
const point: u8 = 0x2e
const zero: u8 = 0x30

/** What the library writes its digits to: 32 characters of two bytes. */
const digits: i32 = <i32>memory.data(64, 16)

export function writeCardinal(value: u64, out: i32): i32 {
  if (value >= 100000000) {
    const high = value / 100000000
    return writePadded(<u32>(value - high * 100000000), 8, writeCardinal(high, out))
  }
  const small = <u32>value
  return writePadded(small, digitsOf(small), out)
}

/** @param value below 10^8 */
function digitsOf(value: u32): i32 {
  if (value < 10000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4
  return value < 1000000 ? (value < 100000 ? 5 : 6) : value < 10000000 ? 7 : 8
}

/** @param value below 10^count, with zeros in front of it */
export function writePadded(value: u32, count: i32, out: i32): i32 {
  let at = out + count
  let rest = value
  while (at - out >= 2) {
    const left = rest / 100
    at -= 2
    writePair(rest - left * 100, at)
    rest = left
  }
  if (at > out) store<u8>(out, zero + <u8>rest)
  return out + count
}

/** @param value below 100 */
export function writePair(value: u32, out: i32): void {
  const ten = (value * 103) >> 10
  store<u16>(out, <u16>(0x3030 + ten + ((value - ten * 10) << 8)))
}

export function writeWhole(value: i64, out: i32): i32 {
  if (value >= 0) return writeCardinal(<u64>value, out)
  store<u8>(out, minus)
  return writeCardinal(0 - <u64>value, out + 1)
}

/** A text that is this double and no other. */
export function writeDouble(value: f64, out: i32): i32 {
  const whole = <i32>value
  if (<f64>whole === value) return writeZeroOrWhole(whole, value, out)
  const scaled = nearest(value * 1e4)
  // Dividing two whole numbers gives the double that is nearest to the decimal fraction, which is what reading its text gives.
  if (scaled / 1e4 === value && abs(scaled) < 9007199254740992.0) return writeScaled(scaled, 10000, 4, out)
  return writeDigits(value, out)
}

/** Seven digits tell most floats from their neighbours: those that they do not are written as the doubles they are too. */
export function writeFloat(value: f32, out: i32): i32 {
  const exact = <f64>value
  const whole = <i32>exact
  if (<f64>whole === exact) return writeZeroOrWhole(whole, exact, out)
  const size = abs(exact)
  let decimals = 6
  let scale: u64 = 1000000
  for (let bound = 10.0; size >= bound && decimals > 2; bound *= 10) {
    decimals--
    scale /= 10
  }
  const scaled = nearest(exact * <f64>scale)
  if (<f32>(scaled / <f64>scale) === value && abs(scaled) < 9007199254740992.0)
    return writeScaled(scaled, scale, decimals, out)
  return writeDigits(exact, out)
}

/** A zero may be negative. */
function writeZeroOrWhole(whole: i32, value: f64, out: i32): i32 {
  if (whole === 0 && reinterpret<u64>(value) !== 0) store<u8>(out++, minus)
  return writeWhole(whole, out)
}

/** scaled / scale, without zeros at its end. @param scale 10^decimals */
function writeScaled(scaled: f64, scale: u64, decimals: i32, out: i32): i32 {
  if (scaled < 0) store<u8>(out++, minus)
  const size = <u64>abs(scaled)
  const whole = size / scale
  out = writeCardinal(whole, out)
  store<u8>(out++, point)
  out = writePadded(<u32>(size - whole * scale), decimals, out)
  while (load<u8>(out - 1) === zero) out--
  return load<u8>(out - 1) === point ? out - 1 : out
}

function writeDigits(value: f64, out: i32): i32 {
  const count = <i32>dtoa_buffered<f64>(digits, value)
  for (let i = 0; i < count; i++) store<u8>(out + i, load<u8>(digits + (i << 1)))
  return out + count
}
