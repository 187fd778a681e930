import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import { ConnectionLost, explain, StatementError } from '../connection/errors.ts'
import type { Login } from '../connection/login.ts'
import { text, textOrNull } from '../connection/row.ts'
import { type Row, Server } from '../connection/server.ts'
import type { Inventory } from '../inventory.ts'
import type { Task } from '../plan/judge.ts'
import { backup, examine, historyOf } from '../statements/backup.ts'
import { sessionId } from '../statements/discovery.ts'
import { backupSetOf } from './backup-set.ts'
import { doesNotBelong, wrongFile } from './belongs.ts'
import { compresses, needsLargeTransfers } from './compression.ts'
import { entryFor } from './entry.ts'
import type { Exchange, ExchangeFile } from './exchange.ts'
import { explainBackup } from './explain.ts'
import { historyFromHeader } from './header-history.ts'
import { ItemFailed, NotContinued } from './item-failed.ts'
import { type Patience, watch } from './watch.ts'

/** A backup that lies in the exchange directory, verified by the server, and belongs to its chain. */
export interface Made {
  task: Task
  file: ExchangeFile
  size: number
  entry: UnitEntry
  attributes: Record<string, string>
}

export interface TakerOptions {
  login: Login
  /** How the server lists the connection. */
  program: string
  inventory: Inventory
  exchange: Exchange
  /** The connection that asks how far others are. */
  control: Server
  signal: AbortSignal
  patience: Patience
  /** Milliseconds between two attempts where another backup of the database is under way. */
  pause: number
  now(): Date
  onPercent(task: Task, percent: number): void
}

const compressionUnavailable = 1844
const otherBackupUnderWay = 3023
const attempts = 6

/** Takes one backup after the other through a connection of its own, and opens another where that is lost. */
export class Taker {
  readonly #options: TakerOptions
  #server: { server: Server; session: number } | undefined
  #compression: boolean

  constructor(options: TakerOptions) {
    this.#options = options
    this.#compression = compresses(options.inventory)
  }

  /**
   * A differential that turns out to build on somebody else's full becomes a full at once.
   * @throws ItemFailed where only this database is concerned; a Failure else. No file is left behind then
   */
  async take(task: Task): Promise<Made> {
    try {
      return await this.#attempt(task)
    } catch (error) {
      if (!(error instanceof NotContinued) || task.kind !== 'differential') throw error
      const { database } = task
      return this.#attempt({
        database,
        kind: 'full',
        copyOnly: false,
        instead: { code: 'FOREIGN_FULL', reason: error.message },
      })
    }
  }

  /** Ends the connection. */
  async end(): Promise<void> {
    await this.#server?.server.end()
  }

  async #attempt(task: Task): Promise<Made> {
    const { exchange, inventory, now, signal } = this.#options
    const { database, kind } = task
    const file = exchange.fileFor(database, kind, now())
    const name = `failsafe ${randomUUID()}`
    try {
      await this.#write(task, file, name)
      const { server } = await this.#connected()
      const results = await server.queryAll(examine(file.onServer, database.name, name), { signal })
      const [head = [], files = [], history = []] = results
      // Where the history was purged in between, the file's own header tells.
      const row = history[0] ?? (await historyFromHeader(server, file, inventory.major, signal))
      const set = backupSetOf(row, inventory.offset)
      const size = await exchange.sizeOf(file)
      const wrong = wrongFile(task, set, head)
      if (wrong !== undefined) throw new ItemFailed('database-wrong-file', wrong)
      const stranger = doesNotBelong(task, set)
      if (stranger !== undefined) throw new NotContinued(stranger)
      const entry = entryFor(task, set, size)
      return { task, file, size, entry, attributes: { entry: JSON.stringify(entry), files: listOf(files) } }
    } catch (error) {
      await exchange.remove(file)
      signal.throwIfAborted()
      throw explain(explainBackup(error, database, file))
    }
  }

  /** @throws StatementError, ConnectionLost, Stalled */
  async #write(task: Task, file: ExchangeFile, name: string): Promise<void> {
    const { exchange, signal, pause } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#run(task, file, name)
        return
      } catch (error) {
        signal.throwIfAborted()
        const again = attempt < attempts
        if (error instanceof StatementError && error.has(compressionUnavailable) && this.#compression) {
          this.#compression = false
        } else if (error instanceof StatementError && error.has(otherBackupUnderWay) && again) {
          await setTimeout(pause, undefined, { signal })
        } else if (error instanceof ConnectionLost && attempt === 1) {
          // The statement may have come to its end all the same; a log cannot be taken twice.
          await this.#server?.server.end()
          this.#server = undefined
          if (await this.#isWritten(task, name)) return
        } else throw error
        await exchange.remove(file)
      }
    }
  }

  async #run(task: Task, file: ExchangeFile, set: string): Promise<void> {
    const { control, inventory, signal, patience, onPercent } = this.#options
    const { database, kind, copyOnly } = task
    const { server, session } = await this.#connected()
    const compression = this.#compression
    const largeTransfers = compression && needsLargeTransfers(database, inventory)
    const statement = backup(
      { kind, copyOnly, compression, largeTransfers },
      { database: database.name, file: file.onServer, set, description: 'FailSafe Online Backup' },
    )
    await watch(options => server.query(statement, options), {
      signal,
      patience,
      control,
      session,
      onPercent: percent => onPercent(task, percent),
    })
  }

  async #isWritten({ database }: Task, name: string): Promise<boolean> {
    const { server } = await this.#connected()
    return (await server.query(historyOf(database.name, name))).length > 0
  }

  async #connected(): Promise<{ server: Server; session: number }> {
    if (this.#server) return this.#server
    const { login, program, signal } = this.#options
    const server = await Server.connect(login, program, signal)
    const { session_id } = await server.one(sessionId)
    this.#server = { server, session: Number(session_id) }
    return this.#server
  }
}

/** Logical and physical names, for MOVE. */
function listOf(rows: Row[]): string {
  return JSON.stringify(
    rows.map(row => ({
      logical: text(row, 'LogicalName'),
      physical: text(row, 'PhysicalName'),
      type: text(row, 'Type').trim(),
      bytes: textOrNull(row, 'Size'),
    })),
  )
}
