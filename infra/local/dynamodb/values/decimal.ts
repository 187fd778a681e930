import { invalid } from '../protocol/error.ts'

/** `digits` × 10^`exponent`, exactly. `digits` carries the sign and has no trailing zero; zero is `{0n, 0}`. */
export interface Decimal {
  digits: bigint
  exponent: number
}

const maxDigits = 38
const maxMagnitude = 125
const minMagnitude = -130

/** @throws ValidationException for what is not a number or outside 38 digits and 1E-130 to 9.9…E+125 */
export function parseDecimal(text: string): Decimal {
  const match = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d+))?$/.exec(text)
  if (!match) {
    const shown = text === '' ? '' : `: ${text}`
    throw invalid(`The parameter cannot be converted to a numeric value${shown}`)
  }
  const fraction = match[3] ?? match[4] ?? ''
  const all = `${match[2] ?? ''}${fraction}`.replace(/^0+/, '')
  const significant = trimZeros(all)
  if (significant === '') return { digits: 0n, exponent: 0 }
  const exponent = Number(match[5] ?? 0) - fraction.length + (all.length - significant.length)
  check(significant.length, exponent)
  const digits = BigInt(significant)
  return { digits: match[1] === '-' ? -digits : digits, exponent }
}

/** Plain notation without an exponent, the form in which DynamoDB gives numbers back. */
export function formatDecimal({ digits, exponent }: Decimal): string {
  const sign = digits < 0n ? '-' : ''
  const text = (digits < 0n ? -digits : digits).toString()
  if (exponent >= 0) return sign + text + '0'.repeat(exponent)
  const padded = text.padStart(1 - exponent, '0')
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`
}

/** @throws ValidationException when the exact result needs more than 38 digits or leaves the range */
export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const exponent = Math.min(a.exponent, b.exponent)
  const sum = scaled(a, exponent) + scaled(b, exponent)
  if (sum === 0n) return { digits: 0n, exponent: 0 }
  const text = sum.toString()
  const significant = trimZeros(text)
  const result = { digits: BigInt(significant), exponent: exponent + text.length - significant.length }
  check(significant.replace('-', '').length, result.exponent)
  return result
}

export function negate({ digits, exponent }: Decimal): Decimal {
  return { digits: -digits, exponent }
}

export function compareDecimals(a: Decimal, b: Decimal): number {
  const exponent = Math.min(a.exponent, b.exponent)
  const difference = scaled(a, exponent) - scaled(b, exponent)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/**
 * Bytes whose order is the order of the numbers: a byte for the sign, one for the magnitude (-130…125 is exactly one byte), then
 * the digits. Negative numbers run backwards: complements, and an end mark above every digit.
 */
export function sortableDecimal({ digits, exponent }: Decimal): Uint8Array {
  if (digits === 0n) return Uint8Array.of(1)
  const negative = digits < 0n
  const text = (negative ? -digits : digits).toString()
  const magnitude = exponent + text.length - 1 - minMagnitude
  const figures = Array.from(text, figure => (negative ? 9 - Number(figure) : Number(figure)))
  return Uint8Array.from(negative ? [0, 255 - magnitude, ...figures, 255] : [2, magnitude, ...figures])
}

function scaled({ digits, exponent }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(exponent - to)
}

/** A loop, because /0+$/ takes quadratic time on a long run of zeros that is not at the end. */
function trimZeros(text: string): string {
  let end = text.length
  while (text[end - 1] === '0') end--
  return text.slice(0, end)
}

function check(significant: number, exponent: number): void {
  const magnitude = exponent + significant - 1
  if (magnitude > maxMagnitude)
    throw invalid('Number overflow. Attempting to store a number with magnitude larger than supported range')
  if (magnitude < minMagnitude)
    throw invalid('Number underflow. Attempting to store a number with magnitude smaller than supported range')
  if (significant > maxDigits) throw invalid('Attempting to store more than 38 significant digits in a Number')
}
