import { ProtocolError } from './protocol-error.ts'

/** Lengths of up to this many bytes stand in one byte; longer values come in pieces. */
const longValue = 0xfe
const nullValue = 0xff

/** Reads what a client wrote in TTC, Oracle's presentation layer: integers of a varying length, values with their length before them. */
export class Reader {
  readonly bytes: Buffer
  position: number

  constructor(bytes: Buffer, position = 0) {
    this.bytes = bytes
    this.position = position
  }

  get atEnd(): boolean {
    return this.position >= this.bytes.length
  }

  take(length: number): Buffer {
    const end = this.position + length
    if (end > this.bytes.length) throw new ProtocolError(`wanted ${length} bytes at ${this.position}, the message ends`)
    const taken = this.bytes.subarray(this.position, end)
    this.position = end
    return taken
  }

  u8(): number {
    return this.take(1)[0]!
  }

  u16(): number {
    return this.take(2).readUInt16BE()
  }

  /** UB2, UB4 and UB8 alike: a byte that tells the length, then as many bytes, the highest first. */
  integer(): bigint {
    const length = this.u8()
    if (length > 8) throw new ProtocolError(`an integer of ${length} bytes at ${this.position}`)
    return this.take(length).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  }

  count(): number {
    return Number(this.integer())
  }

  /** @returns null for a value without bytes: Oracle has no empty string */
  value(): Buffer | null {
    const length = this.u8()
    if (length === 0 || length === nullValue) return null
    if (length !== longValue) return this.take(length)
    const pieces: Buffer[] = []
    for (let piece = this.count(); piece > 0; piece = this.count()) pieces.push(this.take(piece))
    return Buffer.concat(pieces)
  }

  text(): string {
    return this.value()?.toString() ?? ''
  }
}
