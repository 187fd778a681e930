import { BigRow } from './big-row.ts'
import type { Buffers } from './buffers.ts'
import type { ColumnFormat } from './column.ts'
import { digits, formsOf, hex, openingsOf, quoted, writeDigits, writeEscaped, writeHex, writeNull } from './literals.ts'
import { parseError } from './server-error.ts'

/** A row of more bytes than this does not wait until it is complete: it is passed on in pieces. */
const bigRowSize = 64 * 1024
/** Statements end before they are longer than this, so that a server with the smallest usual packet limit takes them. */
const statementLimit = 1_000_000

/** `starved`: push more · `full`: take what was written · `done`: the result ended, take the rest. */
export type Step = 'starved' | 'full' | 'done'

/**
 * Turns the server's answer to one SELECT (text protocol, packets as they come from the socket) straight into INSERT
 * statements. It works over whole chunks with two fixed buffers and makes no object for a row or a value:
 *
 *   socket → push() → window → step() → output → take()
 */
export class RowWriter {
  rows = 0
  statements = 0
  /** Bytes of the longest statement so far: the target's max_allowed_packet must exceed it. */
  largestStatement = 0

  readonly #window: Buffer
  readonly #output: Buffer
  readonly #head: Buffer
  readonly #tail: Buffer
  readonly #forms: Uint8Array
  readonly #openings: Buffer[]
  /** What the literals of a row can need beyond twice its bytes. */
  readonly #slack: number
  readonly #big: BigRow
  #start = 0
  #end = 0
  #written = 0
  #phase: 'count' | 'columns' | 'rows' | 'big-row' | 'done' = 'count'
  /** Packets before the first row: each column's definition, and EOF. */
  #definitionsLeft = 0
  /** Bytes of the statement under way, 0 between statements. */
  #statement = 0

  /**
   * @param insert `INSERT INTO … VALUES`
   * @param terminator what ends a statement, e.g. `;\n`
   */
  constructor(insert: Buffer, terminator: Buffer, columns: readonly ColumnFormat[], buffers: Buffers) {
    this.#head = Buffer.concat([insert, Buffer.from('\n')])
    this.#tail = terminator
    this.#forms = formsOf(columns)
    this.#openings = openingsOf(columns)
    this.#slack = this.#openings.reduce((sum, opening) => sum + opening.length + 8, 16)
    this.#window = buffers.window
    const room = this.#head.length + this.#tail.length + 2 * bigRowSize + this.#slack
    this.#output = buffers.output.length >= room ? buffers.output : Buffer.allocUnsafeSlow(room)
    this.#big = new BigRow(this.#forms, this.#openings)
  }

  /** Bytes that `push` takes now. */
  get room(): number {
    return this.#window.length - (this.#end - this.#start)
  }

  /** Copies the chunk, which is not longer than `room`. */
  push(chunk: Buffer): void {
    if (chunk.length > this.room) throw new RangeError('the chunk is longer than the room for it')
    if (this.#end + chunk.length > this.#window.length) {
      this.#window.copyWithin(0, this.#start, this.#end)
      this.#end -= this.#start
      this.#start = 0
    }
    chunk.copy(this.#window, this.#end)
    this.#end += chunk.length
  }

  /** What was written since the last call; valid until the next `step`. */
  take(): Buffer {
    const bytes = this.#output.subarray(0, this.#written)
    this.#written = 0
    return bytes
  }

  /** @throws ServerError what the server answered instead of rows, or after some of them */
  step(): Step {
    let step: Step | undefined
    while (!step) {
      switch (this.#phase) {
        case 'count':
        case 'columns':
          step = this.#skipDefinition()
          break
        case 'rows':
          step = this.#writeRows()
          break
        case 'big-row':
          step = this.#writeBigRow()
          break
        case 'done':
          step = 'done'
          break
      }
    }
    return step
  }

  #skipDefinition(): Step | undefined {
    const at = this.#start + 4
    if (this.#end < at) return 'starved'
    const end = at + this.#window.readUIntLE(this.#start, 3)
    if (this.#end < end) return 'starved'
    this.#start = end
    if (this.#phase === 'count') {
      const first = this.#window[at]!
      if (first === 0xff) throw parseError(this.#window.subarray(at, end))
      // A table has at most 4096 columns: one byte, or 0xfc and two.
      const columns = first === 0xfc ? this.#window.readUInt16LE(at + 1) : first
      if (columns !== this.#forms.length) throw new RangeError(`${columns} columns came, not ${this.#forms.length}`)
      this.#definitionsLeft = columns + 1
      this.#phase = 'columns'
    } else if (--this.#definitionsLeft === 0) this.#phase = 'rows'
    return undefined
  }

  /** Every row that is here completely and has room in the output. */
  #writeRows(): Step | undefined {
    const window = this.#window
    const limit = this.#output.length - this.#head.length - this.#tail.length - this.#slack
    for (;;) {
      const at = this.#start + 4
      if (this.#end < at) return 'starved'
      const length = window[at - 4]! | (window[at - 3]! << 8) | (window[at - 2]! << 16)
      if (length <= bigRowSize && this.#end < at + length) return 'starved'
      if (this.#written + 2 * Math.min(length, bigRowSize) > limit) return 'full'
      if (length > bigRowSize) {
        this.#endStatement()
        this.#beginStatement()
        this.#big.begin()
        this.#phase = 'big-row'
        return undefined
      }
      const first = window[at]!
      if (first === 0xff) throw parseError(window.subarray(at, at + length))
      if (first === 0xfe && length < 9) {
        this.#endStatement()
        this.#start = at + length
        this.#phase = 'done'
        return 'done'
      }
      if (this.#statement + 2 * length + this.#slack > statementLimit) this.#endStatement()
      const begun = this.#statement > 0
      if (begun) {
        this.#output[this.#written++] = 0x2c
        this.#output[this.#written++] = 0x0a
        this.#statement += 2
      } else this.#beginStatement()
      const written = this.#writeRow(at, this.#written)
      this.#statement += written - this.#written
      this.#written = written
      this.#start = at + length
      this.rows++
    }
  }

  /** One row whose values begin at `at`; returns where the output goes on. */
  #writeRow(at: number, out: number): number {
    const window = this.#window
    const output = this.#output
    const forms = this.#forms
    const openings = this.#openings
    output[out++] = 0x28
    for (let column = 0; column < forms.length; column++) {
      if (column > 0) output[out++] = 0x2c
      let size = window[at++]!
      if (size === 0xfb) {
        out = writeNull(output, out)
        continue
      }
      // Values of a row that is not big have at most 64 KiB: one byte, 0xfc and two bytes, or 0xfd and three.
      if (size === 0xfc) {
        size = window[at]! | (window[at + 1]! << 8)
        at += 2
      } else if (size === 0xfd) {
        size = window[at]! | (window[at + 1]! << 8) | (window[at + 2]! << 16)
        at += 3
      }
      const end = at + size
      switch (forms[column]!) {
        case digits:
          out = writeDigits(window, at, end, output, out)
          break
        case quoted:
          out = writeDigits(openings[column]!, 0, openings[column]!.length, output, out)
          out = writeEscaped(window, at, end, output, out)
          output[out++] = 0x27
          break
        case hex:
          out = writeDigits(openings[column]!, 0, openings[column]!.length, output, out)
          out = writeHex(window, at, end, output, out)
          break
      }
      at = end
    }
    output[out++] = 0x29
    return out
  }

  #writeBigRow(): Step | undefined {
    const big = this.#big
    const before = this.#written
    const done = big.write(
      this.#window,
      this.#start,
      this.#end,
      this.#output,
      before,
      this.#output.length - this.#slack,
    )
    this.#start = big.at
    this.#written = big.out
    this.#statement += big.out - before
    if (done) {
      this.rows++
      this.#phase = 'rows'
      return undefined
    }
    return big.at === this.#end ? 'starved' : 'full'
  }

  #beginStatement(): void {
    this.#head.copy(this.#output, this.#written)
    this.#written += this.#head.length
    this.#statement = this.#head.length
    this.statements++
  }

  #endStatement(): void {
    if (this.#statement === 0) return
    this.#tail.copy(this.#output, this.#written)
    this.#written += this.#tail.length
    this.largestStatement = Math.max(this.largestStatement, this.#statement)
    this.#statement = 0
  }
}
