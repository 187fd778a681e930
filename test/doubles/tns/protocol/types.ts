import { type Bfile, type Blob, type TypeName, type Value, ZonedDate } from '../value.ts'
import { decodeDate, encodeDate, encodeTimestamp, encodeZoned } from './date.ts'
import { decodeNumber, encodeNumber } from './number.ts'
import { ProtocolError } from './protocol-error.ts'
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** Numbers of the data types (Oracle Call Interface Programmer's Guide, "Data Types"). */
export const typeNumber = {
  VARCHAR2: 1,
  NUMBER: 2,
  BINARY_INTEGER: 3,
  DATE: 12,
  RAW: 23,
  CHAR: 96,
  BLOB: 113,
  BFILE: 114,
  TIMESTAMP: 180,
  TIMESTAMP_TZ: 181,
  TIMESTAMP_LTZ: 231,
} as const

/** The most bytes that a value of the type has on the wire. */
export const typeBytes: Record<TypeName, number> = {
  VARCHAR2: 4000,
  NUMBER: 22,
  DATE: 7,
  TIMESTAMP: 11,
  TIMESTAMP_TZ: 13,
  RAW: 2000,
  BFILE: 530,
  BLOB: 4000,
}

export function writeValue(writer: Writer, type: TypeName, value: Value): void {
  if (type !== 'BFILE' && type !== 'BLOB') writer.value(value === null ? null : encode(type, value))
  else if (value === null) writer.integer(0)
  else {
    const locator = writeLocator(value as Bfile | Blob)
    writer.integer(locator.length)
    if (type === 'BLOB') writer.integer((value as Blob).length, blobChunk)
    writer.value(locator)
  }
}

/** Bytes that a read of a BLOB should be a multiple of. */
export const blobChunk = 8132

function encode(type: Exclude<TypeName, 'BFILE' | 'BLOB'>, value: NonNullable<Value>): Buffer {
  if (type === 'NUMBER') return encodeNumber(String(value))
  if (type === 'RAW' && Buffer.isBuffer(value)) return value
  if (type === 'TIMESTAMP_TZ' && value instanceof ZonedDate) return encodeZoned(value)
  if (value instanceof Date) return type === 'TIMESTAMP' ? encodeTimestamp(value) : encodeDate(value)
  if (typeof value === 'string' && type === 'VARCHAR2') return Buffer.from(value)
  throw new ProtocolError(`${value} is no ${type}`)
}

/** Reads the value of a bind variable. @param type its number */
export function readValue(reader: Reader, type: number): Value {
  if (type === typeNumber.BFILE || type === typeNumber.BLOB) {
    if (reader.count() === 0) return null
    const lob = readLocator(reader.value()!)
    return 'blob' in lob ? { ...lob, length: 0 } : lob
  }
  const bytes = reader.value()
  if (bytes === null) return null
  switch (type) {
    case typeNumber.NUMBER:
    case typeNumber.BINARY_INTEGER: {
      const digits = decodeNumber(bytes)
      return digits.includes('.') ? Number(digits) : BigInt(digits)
    }
    case typeNumber.VARCHAR2:
    case typeNumber.CHAR:
      return bytes.toString()
    case typeNumber.RAW:
      return Buffer.from(bytes)
    case typeNumber.DATE:
    case typeNumber.TIMESTAMP:
    case typeNumber.TIMESTAMP_TZ:
    case typeNumber.TIMESTAMP_LTZ:
      return decodeDate(bytes)
    default:
      throw new ProtocolError(`a bind variable of type ${type}`)
  }
}

/** Reads nothing but a type's number. @param number of a bind variable */
export function typeOf(number: number): TypeName {
  if (number === typeNumber.BINARY_INTEGER) return 'NUMBER'
  if (number === typeNumber.CHAR) return 'VARCHAR2'
  if (number === typeNumber.TIMESTAMP_TZ || number === typeNumber.TIMESTAMP_LTZ) return 'TIMESTAMP'
  const found = Object.entries(typeNumber).find(([, value]) => value === number)?.[0]
  if (found === undefined) throw new ProtocolError(`a bind variable of type ${number}`)
  return found as TypeName
}

const fixedLocatorBytes = 16
const flag = { external: 0x08, blob: 0x01, initialized: 0x08, temporary: 0x01 }
const blobLocatorBytes = 40
const blobNumberAt = 16

/**
 * What stands for a LOB on the wire. Of a BFILE: 16 bytes, the first two of them its length, then the directory's name and the file's, each
 * with two bytes of length [reference 4.2, tag S].
 */
function writeLocator(lob: Bfile | Blob): Buffer {
  const locator =
    'blob' in lob ? Buffer.alloc(blobLocatorBytes) : Buffer.concat([Buffer.alloc(fixedLocatorBytes), ...namesOf(lob)])
  const version = 1
  locator.writeUInt16BE(locator.length - 2)
  locator.writeUInt16BE(version, 2)
  locator[5] = flag.initialized
  if ('blob' in lob) {
    locator[4] = flag.blob
    locator[7] = flag.temporary
    locator.writeUInt32BE(lob.blob, blobNumberAt)
  } else locator[4] = flag.external
  return locator
}

function namesOf({ directory, file }: Bfile): Buffer[] {
  return [directory, file].flatMap(name => {
    const bytes = Buffer.from(name)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(bytes.length)
    return [length, bytes]
  })
}

export function readLocator(locator: Buffer): Bfile | Pick<Blob, 'blob'> {
  if (locator[4]! & flag.blob) return { blob: locator.readUInt32BE(blobNumberAt) }
  const directoryEnd = fixedLocatorBytes + 2 + locator.readUInt16BE(fixedLocatorBytes)
  const fileEnd = directoryEnd + 2 + locator.readUInt16BE(directoryEnd)
  return {
    directory: locator.toString('utf8', fixedLocatorBytes + 2, directoryEnd),
    file: locator.toString('utf8', directoryEnd + 2, fileEnd),
  }
}
