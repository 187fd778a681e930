import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import { ItemFailed } from '../../item-failed.ts'
import { ConnectionLost, explain, StatementError } from '../connection/errors.ts'
import type { Login } from '../connection/login.ts'
import { Server } from '../connection/server.ts'
import type { Inventory } from '../inventory.ts'
import type { Task } from '../plan/judge.ts'
import { backup, historyOf } from '../statements/backup.ts'
import { sessionId } from '../statements/discovery.ts'
import { doesNotBelong, wrongSet } from './belongs.ts'
import { compresses, needsLargeTransfers } from './compression.ts'
import { entryFor } from './entry.ts'
import { explainBackup } from './explain.ts'
import { NotContinued } from './not-continued.ts'
import { type Patience, watch } from './watch.ts'
import type { Attempt, Content, Way } from './way.ts'

/** A backup that is sound, and belongs to its chain. */
export interface Made {
  task: Task
  attempt: Attempt
  entry: UnitEntry
  attributes: Record<string, string>
}

export interface TakerOptions {
  login: Login
  /** How the server lists the connection. */
  program: string
  inventory: Inventory
  way: Way
  /** The connection that asks how far others are. */
  control: Server
  signal: AbortSignal
  patience: Patience
  /** Milliseconds between two attempts where another backup of the database is under way. */
  pause: number
  now(): Date
  onPercent(task: Task, percent: number): void
  /** An artefact of a task can be read. */
  onContent(task: Task, content: Content): void
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
   * @throws ItemFailed where only this database is concerned; a Failure else. Nothing is left behind then
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
    const { signal, way, now, onContent } = this.#options
    const { database } = task
    const name = `failsafe ${randomUUID()}`
    let attempt = way.attempt(task, now(), content => onContent(task, content))
    try {
      for (let tries = 1; !(await this.#write(task, attempt, name, tries)); tries++) attempt = await attempt.again()
      const { server } = await this.#connected()
      const { set, files, size, wrong } = await attempt.examine(server, task, name)
      const why = wrongSet(task, set) ?? wrong
      if (why !== undefined) throw new ItemFailed('database-wrong-file', why)
      const stranger = doesNotBelong(task, set)
      if (stranger !== undefined) throw new NotContinued(stranger)
      const entry = entryFor(task, set, size)
      return { task, attempt, entry, attributes: { entry: JSON.stringify(entry), files: JSON.stringify(files) } }
    } catch (error) {
      await attempt.discard()
      signal.throwIfAborted()
      throw explain(explainBackup(error, database, attempt))
    }
  }

  /** @returns whether it is written; if not, it may be tried again. @throws StatementError, ConnectionLost, Stalled */
  async #write(task: Task, attempt: Attempt, name: string, tries: number): Promise<boolean> {
    const { signal, pause } = this.#options
    try {
      await this.#run(task, attempt, name)
      return true
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof StatementError && error.has(compressionUnavailable) && this.#compression) {
        this.#compression = false
        return false
      }
      if (error instanceof StatementError && error.has(otherBackupUnderWay) && tries < attempts) {
        await setTimeout(pause, undefined, { signal })
        return false
      }
      if (!(error instanceof ConnectionLost && tries === 1)) throw error
      // The statement may have come to its end all the same; a log cannot be taken twice.
      await this.#server?.server.end()
      this.#server = undefined
      return this.#isWritten(task, name)
    }
  }

  async #run(task: Task, attempt: Attempt, set: string): Promise<void> {
    const { control, inventory, signal, patience, onPercent } = this.#options
    const { database, kind, copyOnly } = task
    const { server, session } = await this.#connected()
    const compression = this.#compression
    const largeTransfers = compression && needsLargeTransfers(database, inventory)
    const statement = backup(
      { kind, copyOnly, compression, largeTransfers },
      { database: database.name, to: attempt.to, set, description: 'FailSafe Online Backup' },
    )
    await watch(options => server.query(statement, options), {
      signal,
      patience,
      control,
      session,
      isHeldUp: () => attempt.isHeldUp(),
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
