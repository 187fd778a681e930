import type { RestoreContext } from '../../engine.ts'
import type { Server } from '../connection/server.ts'
import { inComment } from '../sql/quote.ts'
import { ServerError } from '../wire/server-error.ts'
import type { LaidOut } from './files.ts'
import { type LateIndexes, putOn, takeOff } from './late-indexes.ts'
import { targetLost } from './lost.ts'

/** Bytes of rows from which a table's indexes are made after them: below, all of it is in the server's memory anyway. */
export const large = 16 * 1024 * 1024

/** Each file of rows, and the table that it fills. */
export function fillingsOf(files: readonly LaidOut[], warn: RestoreContext['warn']): Map<LaidOut, Filling> {
  const rows = files.filter(({ stage }) => stage === 'rows')
  const tables = Map.groupBy(rows, ({ database, table }) => JSON.stringify([database, table]))
  return new Map(
    [...tables.values()].flatMap(ofTable => {
      const filling = new Filling(ofTable, warn)
      return ofTable.map(file => [file, filling] as const)
    }),
  )
}

/** A table whose files of rows are loaded, perhaps through several connections at once. */
export class Filling {
  readonly #database: string
  readonly #table: string
  readonly #isLarge: boolean
  readonly #warn: RestoreContext['warn']
  #left: number
  #indexes: Promise<LateIndexes | undefined> | undefined

  /** @param files of one table, which is empty */
  constructor(files: readonly LaidOut[], warn: RestoreContext['warn']) {
    const [{ database, table }] = files as [LaidOut]
    this.#database = database!
    this.#table = table!
    this.#isLarge = files.reduce((sum, { size }) => sum + size, 0) >= large
    this.#warn = warn
    this.#left = files.length
  }

  /** Before each file. */
  async begin(server: Server): Promise<void> {
    if (this.#isLarge) this.#indexes ??= takeOff(server, this.#database, this.#table)
    await this.#indexes
  }

  /** After each file. All rows are there even where the server cannot make the indexes, so the restore goes on, and says what is to be done. */
  async end(server: Server): Promise<void> {
    this.#left -= 1
    const indexes = this.#left === 0 ? await this.#indexes : undefined
    if (!indexes) return
    const table = `${inComment(this.#database)}.${inComment(this.#table)}`
    try {
      if (!(await putOn(server, this.#database, this.#table, indexes)))
        this.#warn('indexes-differ', `the target wrote the indexes of ${table} down otherwise than the source did`)
    } catch (error) {
      if (!(error instanceof ServerError)) throw targetLost(error, `while the indexes of ${table} were made`)
      this.#warn(
        'indexes-missing',
        `${table} has its rows, but not these indexes, because the target refused to make them (error ${error.errno}: ${error.message}). Remove the cause and run there: ${indexes.creation}`,
      )
    }
  }
}
