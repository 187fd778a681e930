import type { ColumnFormat } from './column.ts'
import { type ColumnDefinition, encoding } from './encoding.ts'
import { openingOf } from './literals.ts'
import type { RowMemory } from './row-memory.ts'

const maxPacket = 0xffffff
/** Less output than this is not worth a piece. */
const leastPiece = 4096

/**
 * A row that is not waited for: its values are written piece by piece as their bytes come, through the headers of the packets it
 * is split over (a row longer than 16 MiB - 1 goes on in the next packet, even in the middle of a length).
 *
 *   packet header ─► 0x00, map of NULLs ─► value's length (1 to 9 bytes) ─► value's bytes ─► next value … ─► last packet ended
 */
export class BigRow {
  /** Where `write` stopped in its input and output. */
  at = 0
  out = 0

  readonly #columns: readonly ColumnFormat[]
  readonly #definitions: readonly ColumnDefinition[]
  readonly #memory: RowMemory
  readonly #beginning: Buffer
  #beginningBytes = 0
  /** Of a length, or of a value that is written when it is complete. */
  #heldBytes = 0
  #column = 0
  /** Bytes of the value under way that are still to come; -1 while its length is read. */
  #valueLeft = -1
  #packetLeft = 0
  #lastPacket = false
  readonly #header = Buffer.alloc(4)
  #headerBytes = 0

  constructor(columns: readonly ColumnFormat[], definitions: readonly ColumnDefinition[], memory: RowMemory) {
    this.#columns = columns
    this.#definitions = definitions
    this.#memory = memory
    // 0x00 and a bit for each column, from the third on.
    this.#beginning = Buffer.alloc(1 + ((columns.length + 9) >> 3))
  }

  /** The next byte of the input is the first of the row's first packet header. */
  begin(): void {
    this.#beginningBytes = 0
    this.#heldBytes = 0
    this.#column = 0
    this.#valueLeft = -1
    this.#packetLeft = 0
    this.#lastPacket = false
    this.#headerBytes = 0
  }

  /** Goes as far as window[at, end) and output[out, limit) allow; true when the row is complete. */
  write(at: number, end: number, out: number, limit: number): boolean {
    this.at = at
    this.out = out
    const columns = this.#columns.length
    while (this.#column < columns || !this.#lastPacket) {
      if (this.#packetLeft === 0 && !this.#lastPacket) {
        if (!this.#readHeader(end)) return false
        continue
      }
      if (this.#beginningBytes < this.#beginning.length) {
        if (this.at === end) return false
        this.#beginning[this.#beginningBytes++] = this.#next()
        continue
      }
      const room = limit - this.out
      if (room < leastPiece) return false
      if (this.#valueLeft < 0 && this.#isNull()) {
        this.#separate()
        this.#add('NULL')
        this.#endValue()
        continue
      }
      if (this.#packetLeft === 0) throw new RangeError('a row ended within a value')
      if (this.at === end) return false
      if (this.#definition.encoding !== encoding.bytes) this.#readPlain()
      else if (this.#valueLeft < 0) this.#readLength()
      else this.#writePiece(Math.min(this.#valueLeft, this.#packetLeft, end - this.at, room >> 1))
    }
    return true
  }

  get #definition(): ColumnDefinition {
    return this.#definitions[this.#column]!
  }

  get #format(): ColumnFormat {
    return this.#columns[this.#column]!
  }

  #isNull(): boolean {
    const bit = this.#column + 2
    return (this.#beginning[1 + (bit >> 3)]! & (1 << (bit & 7))) !== 0
  }

  #next(): number {
    this.#packetLeft--
    return this.#memory.window[this.at++]!
  }

  #add(text: string): void {
    this.out += this.#memory.output.write(text, this.out, 'latin1')
  }

  #readHeader(end: number): boolean {
    while (this.#headerBytes < 4) {
      if (this.at === end) return false
      this.#header[this.#headerBytes++] = this.#memory.window[this.at++]!
    }
    this.#headerBytes = 0
    this.#packetLeft = this.#header.readUIntLE(0, 3)
    this.#lastPacket = this.#packetLeft < maxPacket
    return true
  }

  /** One byte of a value that is short; writes it once it is complete. */
  #readPlain(): void {
    const { held, output, walker } = this.#memory
    const { encoding: how, decimals } = this.#definition
    held[this.#heldBytes++] = this.#next()
    if (this.#heldBytes < walker.sizeOf(how, held.byteOffset)) return
    this.#heldBytes = 0
    this.#separate()
    const mark = this.#format.form === 'quoted' ? "'" : ''
    this.#add(mark)
    const out = output.byteOffset + this.out
    this.out += walker.writePlain(how, decimals, held.byteOffset, out) - out
    this.#add(mark)
    this.#endValue()
  }

  /** One byte of the length that goes before each value; writes what stands before the value once the length is known. */
  #readLength(): void {
    const { held, output } = this.#memory
    held[this.#heldBytes++] = this.#next()
    const first = held[0]!
    const bytes = first < 0xfc ? 1 : first === 0xfc ? 3 : first === 0xfd ? 4 : 9
    if (this.#heldBytes < bytes) return
    this.#heldBytes = 0
    this.#valueLeft =
      bytes === 1 ? first : bytes === 9 ? Number(held.readBigUInt64LE(1)) : held.readUIntLE(1, bytes - 1)
    this.#separate()
    this.out += openingOf(this.#format).copy(output, this.out)
    if (this.#valueLeft === 0) this.#endQuoted()
  }

  #writePiece(length: number): void {
    const { window, output } = this.#memory
    const from = window.byteOffset + this.at
    const out = output.byteOffset + this.out
    this.out += this.#writer(from, from + length, out) - out
    this.at += length
    this.#packetLeft -= length
    this.#valueLeft -= length
    if (this.#valueLeft === 0) this.#endQuoted()
  }

  get #writer() {
    const { walker } = this.#memory
    const { form } = this.#format
    return form === 'quoted' ? walker.writeEscaped : form === 'hex' ? walker.writeHex : walker.writeBytes
  }

  #separate(): void {
    this.#add(this.#column === 0 ? '(' : ',')
  }

  #endQuoted(): void {
    if (this.#format.form === 'quoted') this.#add("'")
    this.#endValue()
  }

  #endValue(): void {
    this.#valueLeft = -1
    this.#column++
    if (this.#column === this.#columns.length) this.#add(')')
  }
}
