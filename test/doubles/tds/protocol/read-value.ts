import { refused } from '../model/sql-error.ts'
import type { SqlType, SqlValue } from '../query/types.ts'
import { collation, daysFrom1, daysFrom1900, msPerDay, textTokens, timeSize, token, wide } from './type-tokens.ts'

/** Reads what a client sends: a type, and then its value. */
export class ValueReader {
  readonly #data: Buffer
  at: number

  constructor(data: Buffer, at: number) {
    this.#data = data
    this.at = at
  }

  byte(): number {
    return this.#data[this.at++]!
  }

  word(): number {
    this.at += 2
    return this.#data.readUInt16LE(this.at - 2)
  }

  bytes(length: number): Buffer {
    this.at += length
    return this.#data.subarray(this.at - length, this.at)
  }

  get done(): boolean {
    return this.at >= this.#data.length
  }

  /** A name: its length in characters, then its characters. */
  name(): string {
    return this.bytes(2 * this.byte()).toString('utf16le')
  }

  /** @throws SqlError 243 for a type that the double does not know */
  typed(): { type: SqlType; value: SqlValue } {
    const type = this.#type()
    return { type, value: this.#value(type) }
  }

  #type(): SqlType {
    const kind = this.byte()
    switch (kind) {
      case token.bitN:
        this.byte()
        return { name: 'bit' }
      case token.intN: {
        const size = this.byte()
        return { name: (['tinyint', 'smallint', 'int', 'bigint'] as const)[Math.log2(size)]! }
      }
      case token.floatN:
        return { name: this.byte() === 4 ? 'real' : 'float' }
      case token.datetimeN:
        this.byte()
        return { name: 'datetime' }
      case token.guid:
        this.byte()
        return { name: 'uniqueidentifier' }
      case token.decimalN:
      case token.numericN: {
        this.byte()
        return { name: 'numeric', precision: this.byte(), scale: this.byte() }
      }
      case token.datetime2N:
        return { name: 'datetime2', scale: this.byte() }
      case token.datetimeoffsetN:
        return { name: 'datetimeoffset', scale: this.byte() }
      default:
        return this.#textType(kind)
    }
  }

  #textType(kind: number): SqlType {
    const name = (Object.keys(textTokens) as (keyof typeof textTokens)[]).find(each => textTokens[each] === kind)
    if (!name) throw refused(243, `0x${kind.toString(16)}`)
    const size = this.word()
    if (!name.endsWith('binary')) this.bytes(collation.length)
    const characters = name.startsWith('n') ? size / 2 : size
    return { name, length: size === 0xffff ? -1 : characters }
  }

  #value(type: SqlType): SqlValue {
    if ('length' in type) {
      const data = type.length === -1 ? this.#partial() : this.#counted()
      if (data === null || type.name.endsWith('binary')) return data
      return data.toString(wide(type) ? 'utf16le' : 'latin1')
    }
    const length = this.byte()
    return length === 0 ? null : fixedValue(this.bytes(length), type)
  }

  #counted(): Buffer | null {
    const length = this.word()
    return length === 0xffff ? null : this.bytes(length)
  }

  #partial(): Buffer | null {
    const length = this.bytes(8).readBigUInt64LE()
    if (length === 0xffff_ffff_ffff_ffffn) return null
    const pieces: Buffer[] = []
    while (true) {
      const size = this.bytes(4).readUInt32LE()
      if (size === 0) return Buffer.concat(pieces)
      pieces.push(this.bytes(size))
    }
  }
}

function fixedValue(data: Buffer, type: SqlType): SqlValue {
  switch (type.name) {
    case 'bit':
    case 'tinyint':
      return data[0]!
    case 'smallint':
      return data.readInt16LE()
    case 'int':
      return data.readInt32LE()
    case 'bigint':
      return data.readBigInt64LE()
    case 'real':
      return data.readFloatLE()
    case 'float':
      return data.readDoubleLE()
    case 'datetime':
      return (data.readInt32LE(0) - daysFrom1900) * msPerDay + Math.round(data.readUInt32LE(4) / 0.3)
    case 'uniqueidentifier':
      return guidText(data)
    case 'numeric': {
      const magnitude = [...data.subarray(1)].reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
      return data[0] === 1 ? magnitude : -magnitude
    }
    case 'datetime2':
      return readTimeAndDate(data, type.scale)
    case 'datetimeoffset': {
      const offset = data.readInt16LE(data.length - 2)
      return { local: readTimeAndDate(data, type.scale) + offset * 60_000, offset }
    }
    default:
      throw new Error(`${type.name} has no fixed length`)
  }
}

function guidText(data: Buffer): string {
  const hex = Buffer.concat([
    Buffer.from(data.subarray(0, 4)).reverse(),
    Buffer.from(data.subarray(4, 6)).reverse(),
    Buffer.from(data.subarray(6, 8)).reverse(),
    data.subarray(8),
  ]).toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-').toUpperCase()
}

function readTimeAndDate(data: Buffer, scale: number): number {
  const size = timeSize(scale)
  const days = data.readUIntLE(size, 3) - daysFrom1
  return days * msPerDay + Math.floor((data.readUIntLE(0, size) / 10 ** scale) * 1000)
}
