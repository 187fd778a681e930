/** How the binary protocol encodes a value, as a number for the walk over a row's values. */
export const encoding = {
  /** Bytes after their length. */
  bytes: 0,
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  int64: 7,
  uint64: 8,
  float: 9,
  double: 10,
  /** A length of 0, 4, 7 or 11 and then year, month, day, hour, minute, second, microsecond, as far as it goes. */
  date: 11,
  datetime: 12,
  /** A length of 0, 8 or 12 and then sign, days, hour, minute, second, microsecond, as far as it goes. */
  time: 13,
} as const

export type Encoding = (typeof encoding)[keyof typeof encoding]

/** What a column's definition, which the server sends before the rows, says of its values. */
export interface ColumnDefinition {
  encoding: Encoding
  /** Digits behind the decimal point of a time. */
  decimals: number
}

const unsigned = 0x20

/**
 * @param payload a packet of COM_STMT_EXECUTE's answer: texts (MariaDB has one more than MySQL), and in its last twelve bytes character set,
 *   length, type, flags, decimals and two that are not used
 */
export function parseColumnDefinition(payload: Buffer): ColumnDefinition {
  const end = payload.length
  const isUnsigned = (payload.readUInt16LE(end - 5) & unsigned) !== 0
  return { encoding: encodingOf(payload[end - 6]!, isUnsigned), decimals: Math.min(payload[end - 3]!, 6) }
}

function encodingOf(type: number, isUnsigned: boolean): Encoding {
  switch (type) {
    case 0x01:
      return isUnsigned ? encoding.uint8 : encoding.int8
    case 0x02: // SMALLINT
    case 0x0d: // YEAR
      return isUnsigned ? encoding.uint16 : encoding.int16
    case 0x03: // INT
    case 0x09: // MEDIUMINT
      return isUnsigned ? encoding.uint32 : encoding.int32
    case 0x08:
      return isUnsigned ? encoding.uint64 : encoding.int64
    case 0x04:
      return encoding.float
    case 0x05:
      return encoding.double
    case 0x0a:
    case 0x0e:
      return encoding.date
    case 0x07: // TIMESTAMP
    case 0x0c:
      return encoding.datetime
    case 0x0b:
      return encoding.time
    default:
      return encoding.bytes
  }
}
