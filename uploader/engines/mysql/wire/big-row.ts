import { digits, hex, quoted, writeDigits, writeEscaped, writeHex, writeNull } from './literals.ts'

const maxPacket = 0xffffff
/** Less output than this is not worth a piece. */
const leastPiece = 4096

/**
 * A row that is not waited for: its values are written piece by piece as their bytes come, through the headers of the packets it
 * is split over (a row longer than 16 MiB - 1 goes on in the next packet, even in the middle of a length).
 *
 *   packet header ─► value's length (1 to 9 bytes) ─► value's bytes ─► next value … ─► last packet ended
 */
export class BigRow {
  /** Where `write` stopped in its input and output. */
  at = 0
  out = 0

  readonly #forms: Uint8Array
  readonly #openings: Buffer[]
  readonly #length = Buffer.alloc(9)
  #lengthBytes = 0
  #column = 0
  /** Bytes of the value under way that are still to come; -1 while its length is read. */
  #valueLeft = -1
  #packetLeft = 0
  #lastPacket = false
  readonly #header = Buffer.alloc(4)
  #headerBytes = 0

  constructor(forms: Uint8Array, openings: Buffer[]) {
    this.#forms = forms
    this.#openings = openings
  }

  /** The next byte of the input is the first of the row's first packet header. */
  begin(): void {
    this.#lengthBytes = 0
    this.#column = 0
    this.#valueLeft = -1
    this.#packetLeft = 0
    this.#lastPacket = false
    this.#headerBytes = 0
  }

  /** Goes as far as input[at, end) and output[out, limit) allow; true when the row is complete. */
  write(input: Buffer, at: number, end: number, output: Buffer, out: number, limit: number): boolean {
    this.at = at
    this.out = out
    const columns = this.#forms.length
    while (this.#column < columns || !this.#lastPacket) {
      if (this.#packetLeft === 0) {
        if (!this.#readHeader(input, end)) return false
        continue
      }
      if (this.#valueLeft < 0) {
        if (limit - this.out < leastPiece || this.at === end) return false
        this.#readLength(input, output)
        continue
      }
      const room = (limit - this.out) >> 1
      if (room < leastPiece || this.at === end) return false
      this.#writePiece(input, Math.min(this.#valueLeft, this.#packetLeft, end - this.at, room), output)
    }
    return true
  }

  #readHeader(input: Buffer, end: number): boolean {
    while (this.#headerBytes < 4) {
      if (this.at === end) return false
      this.#header[this.#headerBytes++] = input[this.at++]!
    }
    this.#headerBytes = 0
    this.#packetLeft = this.#header.readUIntLE(0, 3)
    this.#lastPacket = this.#packetLeft < maxPacket
    return true
  }

  /** One byte of the length that goes before each value; writes what stands before the value once the length is known. */
  #readLength(input: Buffer, output: Buffer): void {
    this.#length[this.#lengthBytes++] = input[this.at++]!
    this.#packetLeft--
    const first = this.#length[0]!
    const bytes = first < 0xfc ? 1 : first === 0xfc ? 3 : first === 0xfd ? 4 : 9
    if (this.#lengthBytes < bytes) return
    this.#lengthBytes = 0
    output[this.out++] = this.#column === 0 ? 0x28 : 0x2c
    if (first === 0xfb) {
      this.out = writeNull(output, this.out)
      this.#endValue(output)
      return
    }
    this.#valueLeft =
      bytes === 1
        ? first
        : bytes === 9
          ? Number(this.#length.readBigUInt64LE(1))
          : this.#length.readUIntLE(1, bytes - 1)
    this.out += this.#openings[this.#column]!.copy(output, this.out)
    if (this.#valueLeft === 0) this.#endQuoted(output)
  }

  #writePiece(input: Buffer, length: number, output: Buffer): void {
    const end = this.at + length
    switch (this.#forms[this.#column]!) {
      case digits:
        this.out = writeDigits(input, this.at, end, output, this.out)
        break
      case quoted:
        this.out = writeEscaped(input, this.at, end, output, this.out)
        break
      case hex:
        this.out = writeHex(input, this.at, end, output, this.out)
        break
    }
    this.at = end
    this.#packetLeft -= length
    this.#valueLeft -= length
    if (this.#valueLeft === 0) this.#endQuoted(output)
  }

  #endQuoted(output: Buffer): void {
    if (this.#forms[this.#column] === quoted) output[this.out++] = 0x27
    this.#endValue(output)
  }

  #endValue(output: Buffer): void {
    this.#valueLeft = -1
    this.#column++
    if (this.#column === this.#forms.length) output[this.out++] = 0x29
  }
}
