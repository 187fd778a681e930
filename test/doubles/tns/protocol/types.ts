import type { Bfile, TypeName, Value } from '../value.ts'
import { decodeDate, encodeDate, encodeTimestamp } from './date.ts'
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
  RAW: 2000,
  BFILE: 530,
}

export function writeValue(writer: Writer, type: TypeName, value: Value): void {
  if (type === 'BFILE') {
    if (value === null) writer.integer(0)
    else {
      const locator = writeLocator(value as Bfile)
      writer.integer(locator.length).value(locator)
    }
  } else writer.value(value === null ? null : encode(type, value))
}

function encode(type: Exclude<TypeName, 'BFILE'>, value: NonNullable<Value>): Buffer {
  if (type === 'NUMBER') return encodeNumber(String(value))
  if (type === 'RAW' && Buffer.isBuffer(value)) return value
  if (value instanceof Date) return type === 'TIMESTAMP' ? encodeTimestamp(value) : encodeDate(value)
  if (typeof value === 'string' && type === 'VARCHAR2') return Buffer.from(value)
  throw new ProtocolError(`${value} is no ${type}`)
}

/** Reads the value of a bind variable. @param type its number */
export function readValue(reader: Reader, type: number): Value {
  if (type === typeNumber.BFILE) return reader.count() > 0 ? readLocator(reader.value()!) : null
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

/** 16 bytes, the first two of them its length, then the directory's name and the file's, each with two bytes of length [reference 4.2, tag S]. */
export function writeLocator({ directory, file }: Bfile): Buffer {
  const names = [directory, file].flatMap(name => {
    const bytes = Buffer.from(name)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(bytes.length)
    return [length, bytes]
  })
  const locator = Buffer.concat([Buffer.alloc(fixedLocatorBytes), ...names])
  const version = 1
  locator.writeUInt16BE(locator.length - 2)
  locator.writeUInt16BE(version, 2)
  const external = 0x08
  locator[4] = external
  locator[5] = 0x08
  return locator
}

export function readLocator(locator: Buffer): Bfile {
  const directoryEnd = fixedLocatorBytes + 2 + locator.readUInt16BE(fixedLocatorBytes)
  const fileEnd = directoryEnd + 2 + locator.readUInt16BE(directoryEnd)
  return {
    directory: locator.toString('utf8', fixedLocatorBytes + 2, directoryEnd),
    file: locator.toString('utf8', directoryEnd + 2, fileEnd),
  }
}
