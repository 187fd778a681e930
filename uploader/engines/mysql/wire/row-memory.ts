import type { ColumnFormat } from './column.ts'
import type { ColumnDefinition } from './encoding.ts'
import { formOf, openingOf } from './literals.ts'
import { walkModule } from './walk-module.ts'

/** What the module of the folder assembly exports. Addresses are those of its memory. */
interface Walker {
  at: WebAssembly.Global<'i32'>
  out: WebAssembly.Global<'i32'>
  statement: WebAssembly.Global<'i32'>
  fresh: WebAssembly.Global<'i32'>
  rows: WebAssembly.Global<'i32'>
  walk(
    plan: number,
    columns: number,
    end: number,
    limit: number,
    slack: number,
    longest: number,
    statementLimit: number,
  ): number
  writePlain(encoding: number, decimals: number, at: number, out: number): number
  sizeOf(encoding: number, at: number): number
  writeBytes(at: number, end: number, out: number): number
  writeEscaped(at: number, end: number, out: number): number
  writeHex(at: number, end: number, out: number): number
}

const page = 64 * 1024
const usualSize = 256 * 1024
const recordSize = 16
const mostColumns = 4096
const longestOpening = 40
/** More than the longest value that is held. */
const heldSize = 16

const module = new WebAssembly.Module(Buffer.from(walkModule, 'base64'))

/**
 * Where a reader's bytes lie; made once for each connection and used for table after table:
 *
 *   the module's own constants │ held │ plan: records, openings │ window │ output
 */
export class RowMemory {
  /** Bytes of the server's answer that were not looked at yet. */
  readonly window: Buffer
  /** SQL that was not taken yet. */
  readonly output: Buffer
  /** A short value that comes in pieces. */
  readonly held: Buffer
  readonly planAt: number
  readonly walker: Walker
  readonly #plan: Buffer

  constructor(outputSize = usualSize) {
    const sizes = [page, heldSize, mostColumns * (recordSize + longestOpening), usualSize, outputSize]
    const pages = Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / page)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    let at = 0
    const [, held, plan, window, output] = sizes.map(size => {
      const buffer = Buffer.from(memory.buffer, at, size)
      at += size
      return buffer
    })
    this.held = held!
    this.#plan = plan!
    this.window = window!
    this.output = output!
    this.planAt = plan!.byteOffset
    this.walker = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Walker
  }

  /** What the walker has to know of each column. */
  plan(columns: readonly ColumnFormat[], definitions: readonly ColumnDefinition[]): void {
    let free = columns.length * recordSize
    for (const [index, column] of columns.entries()) {
      const { encoding, decimals } = definitions[index]!
      const record = index * recordSize
      const opening = openingOf(column)
      opening.copy(this.#plan, free)
      this.#plan.writeUInt32LE(this.planAt + free, record)
      this.#plan.writeUInt32LE(opening.length, record + 4)
      this.#plan[record + 8] = encoding
      this.#plan[record + 9] = formOf(column)
      this.#plan[record + 10] = decimals
      free += opening.length
    }
  }
}
