import { BigRow } from './big-row.ts'
import type { ColumnFormat } from './column.ts'
import { type ColumnDefinition, parseColumnDefinition } from './encoding.ts'
import { openingOf } from './literals.ts'
import { RowMemory } from './row-memory.ts'
import { parseError } from './server-error.ts'

/** A row of more bytes than this does not wait until it is complete: it is passed on in pieces. */
const bigRowSize = 64 * 1024
/** Statements end before they are longer than this, so that a server with the smallest usual packet limit takes them. */
const statementLimit = 1_000_000
/** Bytes that the text of a number or a time can need, with what stands around it. */
const plainRoom = 40

/** Why a walk stopped, as in assembly/walk.ts. */
const why = { starved: 0, full: 1, other: 2, statementNeeded: 3, statementLong: 4 } as const

/** `starved`: push more · `full`: take what was written · `done`: the result ended, take the rest. */
export type Step = 'starved' | 'full' | 'done'

/**
 * Turns the server's answer to one SELECT (binary protocol, packets as they come from the socket) straight into INSERT
 * statements. Whole chunks are walked in WebAssembly, which makes no object for a row or a value:
 *
 *   socket → push() → window → step() → output → take()
 */
export class RowWriter {
  rows = 0
  statements = 0
  /** Bytes of the longest statement so far: the target's max_allowed_packet must exceed it. */
  largestStatement = 0

  readonly #memory: RowMemory
  readonly #columns: readonly ColumnFormat[]
  readonly #definitions: ColumnDefinition[] = []
  readonly #head: Buffer
  readonly #tail: Buffer
  /** What the literals of a row can need beyond twice its bytes. */
  readonly #slack: number
  #big: BigRow | undefined
  #start = 0
  #end = 0
  #written = 0
  #phase: 'count' | 'columns' | 'rows' | 'big-row' | 'done' = 'count'
  /** Packets before the first row: each column's definition, and EOF. */
  #definitionsLeft = 0
  /** Bytes of the statement under way, 0 between statements. */
  #statement = 0
  /** Whether it has no row yet. */
  #fresh = false

  /**
   * @param insert `INSERT INTO … VALUES`
   * @param terminator what ends a statement, e.g. `;\n`
   */
  constructor(insert: Buffer, terminator: Buffer, columns: readonly ColumnFormat[], memory: RowMemory) {
    this.#head = Buffer.concat([insert, Buffer.from('\n')])
    this.#tail = terminator
    this.#columns = columns
    this.#slack = columns.reduce((sum, column) => sum + openingOf(column).length + plainRoom, 16)
    const room = this.#head.length + this.#tail.length + 2 * bigRowSize + this.#slack
    this.#memory = memory.output.length >= room ? memory : new RowMemory(room)
  }

  /** Bytes that `push` takes now. */
  get room(): number {
    return this.#memory.window.length - (this.#end - this.#start)
  }

  /** Copies the chunk, which is not longer than `room`. */
  push(chunk: Buffer): void {
    if (chunk.length > this.room) throw new RangeError('the chunk is longer than the room for it')
    const { window } = this.#memory
    if (this.#end + chunk.length > window.length) {
      window.copyWithin(0, this.#start, this.#end)
      this.#end -= this.#start
      this.#start = 0
    }
    chunk.copy(window, this.#end)
    this.#end += chunk.length
  }

  /** What was written since the last call; valid until the next `step`. */
  take(): Buffer {
    const bytes = this.#memory.output.subarray(0, this.#written)
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
    const { window } = this.#memory
    const at = this.#start + 4
    if (this.#end < at) return 'starved'
    const end = at + window.readUIntLE(this.#start, 3)
    if (this.#end < end) return 'starved'
    this.#start = end
    if (this.#phase === 'count') {
      const first = window[at]!
      if (first === 0xff) throw parseError(window.subarray(at, end))
      // A table has at most 4096 columns: one byte, or 0xfc and two.
      const columns = first === 0xfc ? window.readUInt16LE(at + 1) : first
      if (columns !== this.#columns.length) throw new RangeError(`${columns} columns came, not ${this.#columns.length}`)
      this.#definitionsLeft = columns + 1
      this.#phase = 'columns'
    } else if (--this.#definitionsLeft > 0) this.#definitions.push(parseColumnDefinition(window.subarray(at, end)))
    else {
      this.#memory.plan(this.#columns, this.#definitions)
      this.#phase = 'rows'
    }
    return undefined
  }

  /** Every row that is here completely and has room in the output. */
  #writeRows(): Step | undefined {
    for (;;) {
      switch (this.#walk()) {
        case why.starved:
          return 'starved'
        case why.full:
          return 'full'
        case why.statementNeeded:
          this.#beginStatement()
          break
        case why.statementLong:
          this.#endStatement()
          break
        case why.other:
          return this.#writeOther()
      }
    }
  }

  #walk(): number {
    const { walker, window, output, planAt } = this.#memory
    walker.at.value = window.byteOffset + this.#start
    walker.out.value = output.byteOffset + this.#written
    walker.statement.value = this.#statement
    walker.fresh.value = Number(this.#fresh)
    walker.rows.value = 0
    const stopped = walker.walk(
      planAt,
      this.#columns.length,
      window.byteOffset + this.#end,
      output.byteOffset + output.length - this.#head.length - this.#tail.length,
      this.#slack,
      bigRowSize,
      statementLimit,
    )
    this.#start = walker.at.value - window.byteOffset
    this.#written = walker.out.value - output.byteOffset
    this.#statement = walker.statement.value
    this.#fresh = walker.fresh.value === 1
    this.rows += walker.rows.value
    return stopped
  }

  /** A packet that is no row, or the beginning of a big one. */
  #writeOther(): Step | undefined {
    const { window, output } = this.#memory
    const length = window.readUIntLE(this.#start, 3)
    if (length > bigRowSize) {
      const room = output.length - this.#head.length - this.#tail.length - this.#slack - this.#written
      if (room < 2 * bigRowSize) return 'full'
      this.#endStatement()
      this.#beginStatement()
      this.#big ??= new BigRow(this.#columns, this.#definitions, this.#memory)
      this.#big.begin()
      this.#phase = 'big-row'
      return undefined
    }
    const at = this.#start + 4
    if (this.#end < at + length) return 'starved'
    const packet = window.subarray(at, at + length)
    if (packet[0] === 0xff) throw parseError(packet)
    if (packet[0] !== 0xfe || length >= 9)
      throw new RangeError('a packet came that is neither a row nor the end of rows')
    if (output.length - this.#written < this.#tail.length) return 'full'
    this.#endStatement()
    this.#start = at + length
    this.#phase = 'done'
    return 'done'
  }

  #writeBigRow(): Step | undefined {
    const big = this.#big!
    const before = this.#written
    const limit = this.#memory.output.length - this.#slack - this.#tail.length
    const done = big.write(this.#start, this.#end, before, limit)
    this.#start = big.at
    this.#written = big.out
    this.#statement += big.out - before
    if (done) {
      this.rows++
      this.#fresh = false
      this.#phase = 'rows'
      return undefined
    }
    return big.at === this.#end ? 'starved' : 'full'
  }

  #beginStatement(): void {
    this.#head.copy(this.#memory.output, this.#written)
    this.#written += this.#head.length
    this.#statement = this.#head.length
    this.#fresh = true
    this.statements++
  }

  #endStatement(): void {
    if (this.#statement === 0) return
    this.#tail.copy(this.#memory.output, this.#written)
    this.#written += this.#tail.length
    this.largestStatement = Math.max(this.largestStatement, this.#statement)
    this.#statement = 0
  }
}
