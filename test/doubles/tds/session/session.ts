import { openDatabase } from '../catalog/views.ts'
import type { Asker } from '../catalog/visitor.ts'
import type { Instance, RunningRequest, Visitor } from '../model/instance.ts'
import type { Login } from '../model/login.ts'
import { refused } from '../model/sql-error.ts'
import type { Result } from '../query/table.ts'

export interface Prepared {
  text: string
  /** `@db nvarchar(128), …` */
  declarations: string
}

/** One connection: who is there, in which database, and what it has set up. */
export class Session implements Visitor, Asker {
  readonly instance: Instance
  readonly id: number
  readonly login: Login
  readonly programName: string
  readonly hostName: string
  readonly loginTime: number
  database: string
  request: RunningRequest | null = null
  transactions = 0
  lastError = 0
  rowCount = 0
  readonly temporary = new Map<string, Result>()
  readonly #prepared = new Map<number, Prepared>()
  #nextHandle = 1
  readonly #kill: () => void

  constructor(
    instance: Instance,
    who: { id: number; login: Login; programName: string; hostName: string; database: string; kill: () => void },
  ) {
    this.instance = instance
    this.id = who.id
    this.login = who.login
    this.programName = who.programName
    this.hostName = who.hostName
    this.database = who.database
    this.loginTime = instance.clock.local()
    this.#kill = who.kill
  }

  get visitor(): Visitor {
    return this
  }

  kill(): void {
    this.#kill()
  }

  /** USE, and the login's database. @returns the database before. @throws SqlError 911, 916, 942, … */
  use(name: string): string {
    const before = this.database
    this.database = openDatabase(this, name).name
    return before
  }

  /** @returns its handle */
  prepare(text: string, declarations: string): number {
    this.#prepared.set(this.#nextHandle, { text, declarations })
    return this.#nextHandle++
  }

  /** @throws SqlError 8179 */
  prepared(handle: number): Prepared {
    const found = this.#prepared.get(handle)
    if (!found) throw refused(8179, handle)
    return found
  }

  /** @throws SqlError 8179 */
  unprepare(handle: number): void {
    if (!this.#prepared.delete(handle)) throw refused(8179, handle)
  }

  /** A pooled connection that is used again has nothing of what was. Source: Microsoft, MS-TDS, RESETCONNECTION. */
  reset(): void {
    this.transactions = 0
    this.temporary.clear()
  }
}
