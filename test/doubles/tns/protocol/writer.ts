const longestShortValue = 252
const longValue = 0xfe
const pieceBytes = 32_767

/** Writes TTC; the counterpart of Reader. */
export class Writer {
  readonly #pieces: Buffer[] = []

  raw(...pieces: Buffer[]): this {
    this.#pieces.push(...pieces)
    return this
  }

  u8(...values: number[]): this {
    return this.raw(Buffer.from(values))
  }

  u16(value: number): this {
    const bytes = Buffer.alloc(2)
    bytes.writeUInt16BE(value)
    return this.raw(bytes)
  }

  u16le(value: number): this {
    const bytes = Buffer.alloc(2)
    bytes.writeUInt16LE(value)
    return this.raw(bytes)
  }

  /** UB2, UB4 and UB8: no byte more than the value needs. */
  integer(...values: (number | bigint)[]): this {
    for (const value of values) {
      const digits = value === 0 || value === 0n ? '' : value.toString(16)
      const bytes = Buffer.from(digits.length % 2 ? `0${digits}` : digits, 'hex')
      this.u8(bytes.length).raw(bytes)
    }
    return this
  }

  /** A value with its length before it; one of more than 252 bytes in pieces. */
  value(bytes: Buffer | null): this {
    if (bytes === null || bytes.length === 0) return this.u8(0)
    if (bytes.length <= longestShortValue) return this.u8(bytes.length).raw(bytes)
    this.u8(longValue)
    for (let from = 0; from < bytes.length; from += pieceBytes) {
      const piece = bytes.subarray(from, from + pieceBytes)
      this.integer(piece.length).raw(piece)
    }
    return this.integer(0)
  }

  text(text: string): this {
    return this.value(Buffer.from(text))
  }

  /** The number of bytes, then the value with its own length: how names and keys are written. */
  measured(text: string): this {
    const bytes = Buffer.from(text)
    this.integer(bytes.length)
    return bytes.length > 0 ? this.value(bytes) : this
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}
