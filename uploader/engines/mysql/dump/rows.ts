import type { StagedArtefact } from '../../engine.ts'
import type { Server } from '../connection/server.ts'
import { type Column, listColumns } from '../definitions/columns.ts'
import { scriptIn } from '../definitions/database.ts'
import { listRelations } from '../definitions/relations.ts'
import { shapeOf, showCreateTable } from '../definitions/tables.ts'
import { unit } from '../position.ts'
import { readKey } from '../rows/key.ts'
import { rangeBytes, ranges } from '../rows/ranges.ts'
import { lostReader, type Readers } from '../rows/readers.ts'
import { inComment, quoteName } from '../sql/quote.ts'
import { delimiterFor, endLine } from '../sql/script.ts'
import { readRows } from '../wire/read-rows.ts'
import { RowWriter } from '../wire/row-writer.ts'
import { ServerError } from '../wire/server-error.ts'
import { Checks } from './checks.ts'
import type { DumpTable } from './definitions.ts'
import { orderOf } from './order.ts'
import { type Paths, partSuffix } from './paths.ts'
import { explainRead, tableAltered } from './table-failures.ts'

/** The rows of all tables: a small table is one artefact, a large one is cut into ranges that are read side by side. */
export class Rows {
  readonly #readers: Readers
  /** For what need not be seen as of the moment. */
  readonly #server: Server
  readonly #paths: Paths
  readonly #signal: AbortSignal
  readonly #target: number | undefined
  readonly #checks = new Checks()
  #serial = 0

  constructor(readers: Readers, server: Server, paths: Paths, signal: AbortSignal, target?: number) {
    this.#readers = readers
    this.#server = server
    this.#paths = paths
    this.#signal = signal
    this.#target = target
  }

  async *artefacts(tables: DumpTable[]): AsyncGenerator<StagedArtefact> {
    // The large ones first: they keep all readers busy to the end.
    const bySize = tables.toSorted((a, b) => b.relation.bytes - a.relation.bytes)
    for (const table of bySize) yield* this.#ofTable(table)
    await this.#checks.settled()
  }

  async *#ofTable(table: DumpTable): AsyncGenerator<StagedArtefact> {
    const { database, relation, history } = table
    const stored = await listColumns(this.#server, database, relation.name)
    const columns = history ? [...stored, history.start] : stored
    // Looking up the keys of a table costs its server more than reading a small one does.
    const large = relation.bytes > (this.#target ?? rangeBytes)
    const key = large ? await readKey(this.#server, database, relation.name, stored) : undefined
    const borrow = <T>(use: (server: Server) => Promise<T>) =>
      this.#readers.lend(async ({ server }) => {
        const result = await use(server)
        await forgetTable(server)
        return result
      })
    const progress = { handedOut: 0, read: 0, complete: false }
    const readOne = async () => {
      progress.read++
      await checkWhenRead()
    }
    const checkWhenRead = async () => {
      if (progress.complete && progress.read === progress.handedOut) await this.#check(table)
    }
    try {
      const states = history ? (['current', 'former'] as const) : (['current'] as const)
      for (const state of states)
        for await (const condition of ranges(database, relation, key, borrow, this.#target)) {
          const index = condition === null ? undefined : key!.index
          const read = state === 'former' ? [...columns, history!.end] : columns
          this.#checks.begin()
          yield this.#artefact(table, read, state, ++progress.handedOut, condition, index, readOne)
        }
    } catch (error) {
      throw explainRead(error, database, relation.name)
    }
    progress.complete = true
    await checkWhenRead()
  }

  #artefact(
    { database, relation, history }: DumpTable,
    columns: Column[],
    state: 'current' | 'former',
    part: number,
    condition: string | null,
    index: string | undefined,
    readOne: () => Promise<void>,
  ): StagedArtefact {
    const attributes: Record<string, string> = { stage: 'rows', database, table: relation.name, part: String(part) }
    if (history) attributes.history = state
    const former = state === 'former' ? history!.former : undefined
    const select = selectOf(database, relation.name, columns, condition, index, former)
    return {
      name: this.#paths.ofTable(database, relation.name, partSuffix(part)),
      role: 'data',
      unit,
      order: orderOf('rows', this.#serial++),
      attributes,
      read: () => this.#read({ database, table: relation.name, part, columns, select, attributes, readOne }),
    }
  }

  async *#read(artefact: {
    database: string
    table: string
    part: number
    columns: Column[]
    select: string
    attributes: Record<string, string>
    readOne: () => Promise<void>
  }): AsyncGenerator<Uint8Array> {
    const { database, table, part, columns, select, attributes } = artefact
    const insert = Buffer.from(
      `INSERT INTO ${quoteName(table)} (${columns.map(({ name }) => quoteName(name)).join(',')}) VALUES`,
    )
    const delimiter = delimiterFor(insert)
    const reader = await this.#readers.take()
    try {
      const formats = columns.length > 0 ? columns : [{ form: 'nothing' as const, introducer: '' }]
      const writer = new RowWriter(insert, Buffer.from(`${delimiter}\n`), formats, reader.memory)
      yield headOf(database, table, part, delimiter, attributes.history !== undefined)
      yield* readRows(reader.server, select, writer)
      const { rows, statements, largestStatement } = writer
      attributes.rows = String(rows)
      attributes.largestStatement = String(largestStatement)
      await forgetTable(reader.server)
      // Files may be laid end to end.
      const back = delimiter === ';' ? '' : 'DELIMITER ;\n'
      yield Buffer.from(back + endLine({ statements, rows, largestStatement }))
    } catch (error) {
      this.#signal.throwIfAborted()
      throw isLost(error, reader.server) ? lostReader(error) : explainRead(error, database, table)
    } finally {
      this.#readers.give(reader)
    }
    await this.#checks.end(artefact.readOne)
  }

  /** Once all rows were read: whether what was read is still what was defined. */
  async #check({ database, relation, shape }: DumpTable): Promise<void> {
    const now = await showCreateTable(this.#server, database, relation.name).catch(error => {
      throw explainRead(error, database, relation.name)
    })
    const [same] = (await listRelations(this.#server, database, relation.name)).filter(
      ({ name }) => name === relation.name,
    )
    if (shapeOf(now) !== shape || same?.created !== relation.created) throw tableAltered(database, relation.name)
  }
}

/** The connection is gone, or the server said before it closed it that it would: shutdown or KILL. */
function isLost(error: unknown, server: Server): boolean {
  if (error instanceof ServerError) return [1053, 1927].includes(error.errno)
  return server.lost !== undefined
}

/** Rolling back to a savepoint keeps the moment and lets go of the table, so that an ALTER TABLE has not to wait for the whole backup. */
async function forgetTable(server: Server): Promise<void> {
  await server.query('ROLLBACK TO SAVEPOINT failsafe')
}

function selectOf(
  database: string,
  table: string,
  columns: Column[],
  condition: string | null,
  index: string | undefined,
  former: string | undefined,
): string {
  const list = columns.length > 0 ? columns.map(({ name }) => quoteName(name)).join(', ') : '1'
  const force = index === undefined ? '' : ` FORCE INDEX (${quoteName(index)})`
  const conditions = [condition, former].filter(part => part)
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const all = former === undefined ? '' : ' FOR SYSTEM_TIME ALL'
  return `SELECT /*!40001 SQL_NO_CACHE */ ${list} FROM ${quoteName(database)}.${quoteName(table)}${all}${force}${where}`
}

function headOf(database: string, table: string, part: number, delimiter: string, history: boolean): Buffer {
  const script = scriptIn(database, `rows of ${inComment(table)} of ${inComment(database)}, part ${part}`)
  if (history) script.add('SET SESSION system_versioning_insert_history = 1')
  // Literals stay UTF-8, but the server does not look for letters of several bytes in gigabytes of pictures.
  script.add('SET SESSION character_set_client = binary')
  const change =
    delimiter === ';'
      ? ''
      : `DELIMITER ${delimiter}
`
  return Buffer.concat([script.beginning(), Buffer.from(change)])
}
