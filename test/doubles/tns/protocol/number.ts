/** The exponent's byte of a number of one pair of digits before the point. */
const bias = 192
const mostPairs = 20

/**
 * Oracle's NUMBER: an exponent of base 100, then pairs of decimal digits, each with 1 added; of a negative number each is taken from 101, and
 * a byte 102 ends them (Oracle Call Interface Programmer's Guide, "Data Types", NUMBER).
 *
 * @param decimal `-12.5`, `1e20` is not read
 */
export function encodeNumber(decimal: string): Buffer {
  const negative = decimal.startsWith('-')
  const [whole = '', fraction = ''] = (negative ? decimal.slice(1) : decimal).split('.')
  const even = (digits: string, atFront: boolean) =>
    digits.length % 2 === 0 ? digits : atFront ? `0${digits}` : `${digits}0`
  const front = even(whole.replace(/^0+/, ''), true)
  const digits = front + even(fraction, false)
  const pairs = (digits.match(/../g) ?? []).map(Number)
  let exponent = front.length / 2
  while (pairs[0] === 0) {
    pairs.shift()
    exponent--
  }
  while (pairs.at(-1) === 0) pairs.pop()
  if (pairs.length === 0) return Buffer.from([0x80])
  const kept = pairs.slice(0, mostPairs)
  if (!negative) return Buffer.from([bias + exponent, ...kept.map(pair => pair + 1)])
  return Buffer.from([
    (bias + exponent) ^ 0xff,
    ...kept.map(pair => 101 - pair),
    ...(kept.length < mostPairs ? [102] : []),
  ])
}

/** @returns the number in decimal digits, as `encodeNumber` takes it */
export function decodeNumber(bytes: Buffer): string {
  const negative = (bytes[0]! & 0x80) === 0
  if (bytes.length === 1) return '0'
  const exponent = (negative ? bytes[0]! ^ 0xff : bytes[0]!) - bias
  const mantissa = [...bytes.subarray(1)]
  if (negative && mantissa.at(-1) === 102) mantissa.pop()
  const digits = mantissa.map(byte => String(negative ? 101 - byte : byte - 1).padStart(2, '0')).join('')
  const point = exponent * 2
  const padded = point <= 0 ? '0'.repeat(2 - point) + digits : digits.padEnd(point, '0')
  const cut = point <= 0 ? 2 : point
  const whole = padded.slice(0, cut).replace(/^0+(?=\d)/, '')
  const fraction = padded.slice(cut).replace(/0+$/, '')
  return `${negative ? '-' : ''}${whole}${fraction && `.${fraction}`}`
}
