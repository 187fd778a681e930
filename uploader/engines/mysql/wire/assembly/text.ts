// AssemblyScript (see walk.ts). Each writer takes the bytes from `at` to `end`, needs room for twice as many and 16 more, and returns where its
// text ends. Sixteen bytes are read and written at a time, and those that were too many are written over.

/**
 * What needs a backslash (NUL, line feed, carriage return, Control-Z, both quotes, the backslash) by the lower and the upper half of the byte: it
 * does where both have a bit in common.
 */
const byLower = i8x16(1, 0, 4, 0, 0, 0, 0, 4, 0, 0, 3, 0, 8, 1, 0, 0)
const byUpper = i8x16(1, 2, 4, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

export function writeEscaped(at: i32, end: i32, out: i32): i32 {
  while (at < end) {
    const block = v128.load(at)
    const lower = i8x16.swizzle(byLower, v128.and(block, i8x16.splat(15)))
    const upper = i8x16.swizzle(byUpper, i8x16.shr_u(block, 4))
    const none = i8x16.bitmask(i8x16.eq(v128.and(lower, upper), i8x16.splat(0)))
    const count = min(end - at, 16)
    const special = ~none & ((1 << count) - 1)
    v128.store(out, block)
    if (special === 0) {
      at += count
      out += count
    } else {
      const before = ctz(special)
      at += before
      out += before
      store<u16>(out, 0x5c | ((<u16>letterFor(load<u8>(at))) << 8))
      at++
      out += 2
    }
  }
  return out
}

/** `\n` for a line end, so that none is ever inside of a value. */
function letterFor(byte: u8): u8 {
  switch (byte) {
    case 0x00:
      return 0x30
    case 0x0a:
      return 0x6e
    case 0x0d:
      return 0x72
    case 0x1a:
      return 0x5a
    default:
      return byte
  }
}

export function writeBytes(at: i32, end: i32, out: i32): i32 {
  const after = out + end - at
  for (; at < end; at += 16, out += 16) v128.store(out, v128.load(at))
  return after
}

export function writeHex(at: i32, end: i32, out: i32): i32 {
  for (; at < end; at++, out += 2) {
    const byte = load<u8>(at)
    store<u16>(out, hexDigit(byte >> 4) | (hexDigit(byte & 15) << 8))
  }
  return out
}

function hexDigit(value: u8): u16 {
  return value < 10 ? 0x30 + value : 0x37 + value
}
