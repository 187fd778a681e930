import { headerLength } from '../log/event-header.ts'
import { quoteName } from '../sql/quote.ts'

/** Numbers that the next statement takes from its session: LAST_INSERT_ID() (1) or the id of the first row it inserts (2). */
export function intvar(event: Buffer): string {
  const value = event.readBigUInt64LE(headerLength + 1)
  return `SET ${event[headerLength] === 1 ? 'LAST_INSERT_ID' : 'INSERT_ID'} = ${value}`
}

export function rand(event: Buffer): string {
  const [first, second] = [event.readBigUInt64LE(headerLength), event.readBigUInt64LE(headerLength + 8)]
  return `SET @@rand_seed1 = ${first}, @@rand_seed2 = ${second}`
}

/** Body: length of the name (4), name, whether it is null (1), type (1), collation (4), length (4), value, flags (1). @param literal a string of a collation that is known by its number */
export function userVariable(event: Buffer, literal: (collation: number, value: Buffer) => string): string {
  const nameLength = event.readUInt32LE(headerLength)
  const nameAt = headerLength + 4
  const at = nameAt + nameLength
  const assign = `SET @${quoteName(event.toString('utf8', nameAt, at))} := `
  if (event[at] !== 0) return `${assign}NULL`
  const length = event.readUInt32LE(at + 6)
  const value = event.subarray(at + 10, at + 10 + length)
  const unsigned = ((event[at + 10 + length] ?? 0) & 1) !== 0
  switch (event[at + 1]) {
    case 1:
      return `${assign}${value.readDoubleLE(0)}e0`
    case 2:
      return `${assign}${unsigned ? value.readBigUInt64LE(0) : value.readBigInt64LE(0)}`
    case 4:
      return `${assign}${decimal(value)}`
    default:
      return `${assign}${literal(event.readUInt32LE(at + 2), value)}`
  }
}

/** Precision (1), scale (1), then nine digits in four bytes each, the ones at the outer ends shorter; the highest bit says that it is not negative. */
function decimal(value: Buffer): string {
  const sizes = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]
  const [precision, scale] = [value[0]!, value[1]!]
  const bytes = Buffer.from(value.subarray(2))
  const negative = (bytes[0]! & 0x80) === 0
  bytes[0] = bytes[0]! ^ 0x80
  if (negative) for (let i = 0; i < bytes.length; i++) bytes[i] = bytes[i]! ^ 0xff
  let at = 0
  const take = (digits: number) => {
    const size = sizes[digits]!
    const number = size === 0 ? '' : String(bytes.readUIntBE(at, size)).padStart(digits, '0')
    at += size
    return number
  }
  const whole = precision - scale
  let text = take(whole % 9)
  for (let i = 0; i < Math.floor(whole / 9); i++) text += take(9)
  let fraction = ''
  for (let i = 0; i < Math.floor(scale / 9); i++) fraction += take(9)
  fraction += take(scale % 9)
  const number = fraction === '' ? text : `${text}.${fraction}`
  return `${negative ? '-' : ''}${number.replace(/^0+(?=\d)/, '') || '0'}`
}
