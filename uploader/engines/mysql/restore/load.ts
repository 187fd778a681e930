import { type FileHandle, open } from 'node:fs/promises'
import { Failure } from '../../../../shared/failure.ts'
import type { RestoreContext } from '../../engine.ts'
import type { Server } from '../connection/server.ts'
import { creationOf } from '../definitions/accounts.ts'
import type { Stage } from '../dump/order.ts'
import { refusal } from '../sql/refusal.ts'
import { bufferSize, ScriptReader, type ScriptStatement } from '../sql/script-reader.ts'
import { isTakenBack, ServerError } from '../wire/server-error.ts'
import { execute } from '../wire/statement.ts'
import type { LaidOut } from './files.ts'
import { targetLost } from './lost.ts'

/** Each one more means that other statements went on meanwhile; a wait for a lock that nobody gives up takes the server's 50 seconds. */
const mostAttempts = 20

/** Loads one file after the other through one connection. */
export class Loader {
  readonly #server: Server
  readonly #warn: RestoreContext['warn']
  readonly #loaded: (bytes: number) => void
  /** Kept for all files of this connection. */
  readonly #buffer = Buffer.allocUnsafeSlow(bufferSize)

  /** @param loaded is told the bytes of each statement that was run */
  constructor(server: Server, warn: RestoreContext['warn'], loaded: (bytes: number) => void) {
    this.#server = server
    this.#warn = warn
    this.#loaded = loaded
  }

  /** @param stop once it is true, no further statement is begun */
  async load(file: LaidOut, stop: () => boolean): Promise<void> {
    const handle = await open(file.path)
    try {
      await this.#load(file, handle, stop)
    } finally {
      await handle.close()
    }
  }

  async #load(file: LaidOut, handle: FileHandle, stop: () => boolean): Promise<void> {
    let done = 0
    let warned = false
    for await (const statement of new ScriptReader(handle, this.#buffer).statements()) {
      if (stop()) return
      const warnings = await this.#run(file, statement)
      this.#loaded(statement.end - done)
      done = statement.end
      // Of events each counts: one that the target made and dropped at once is not there.
      if (warnings > 0 && !warned) warned = (await this.#passOn(file, statement)) && file.stage !== 'events'
    }
    this.#loaded(file.size - done)
  }

  async #run(file: LaidOut, statement: ScriptStatement): Promise<number> {
    if (file.stage === 'accounts' && (await this.#accountIsThere(statement))) return 0
    try {
      return await this.#execute(statement)
    } catch (error) {
      if (!(error instanceof ServerError)) throw targetLost(error, `at statement ${statement.number} of ${file.name}`)
      // One account or right that the target refuses must not cost the rest, nor does a library that it lacks.
      const code = refusals[file.stage]
      if (code !== undefined) {
        const said = refusal(statement.text?.toString() ?? '', error)
        this.#warn(code, `${file.name}, statement ${statement.number}: ${said}`)
        return 0
      }
      throw new Failure(
        'restore-statement-refused',
        `The target refuses statement ${statement.number} of ${file.name}`,
        {
          why: `error ${error.errno}: ${error.message}`,
          fix: 'Remove the cause, drop what this restore made in the target (databases, or the tables of --only) and restore again',
          cause: error,
        },
      )
    }
  }

  /**
   * Loaders of one table get into each other's way: who fills an empty table may lock all of it. The server then takes one of the statements
   * back whole (each is a transaction of its own), and the others go on: it is run again.
   */
  async #execute(statement: ScriptStatement): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await execute(this.#server, statement)
      } catch (error) {
        if (!isTakenBack(error) || attempt === mostAttempts) throw error
      }
    }
  }

  /** The first warning of a statement, once for each file; true if there was one worth it. */
  async #passOn(file: LaidOut, statement: ScriptStatement): Promise<boolean> {
    const rows = await this.#server.query('SHOW WARNINGS')
    const serious = rows.find(
      row =>
        (row.Level?.toString() !== 'Note' || pastEvent.includes(Number(row.Code))) &&
        !isHarmless(row.Message?.toString() ?? ''),
    )
    if (!serious) return false
    const event = / EVENT (`(?:[^`]|``)*`)/.exec(statement.text?.toString() ?? '')?.[1]
    const what = event === undefined ? '' : `, event ${event}`
    this.#warn('restore-warning', `${file.name}, statement ${statement.number}${what}: ${serious.Message}`)
    return true
  }

  /** An account that the target has stays as it is; one that differs is worth a word. */
  async #accountIsThere({ text }: ScriptStatement): Promise<boolean> {
    const wanted = text?.toString() ?? ''
    const account = /^CREATE USER IF NOT EXISTS ((['`])(?:(?!\2).|\2\2)*\2@\2(?:(?!\2).|\2\2)*\2)/s.exec(wanted)?.[1]
    if (account === undefined) return false
    const rows = await this.#server.query(`SHOW CREATE USER ${account}`).catch(error => {
      if (!(error instanceof ServerError)) throw error
      return [] // it is not there
    })
    const there = Object.values(rows[0] ?? {})[0]?.toString()
    if (there === undefined) return false
    if (creationOf(there) !== wanted)
      this.#warn(
        'account-differs',
        `the target has ${account} already, with another password or other limits; it stays as it is`,
      )
    return true
  }
}

/** Stages whose statements may be refused one by one, and the warning that says so. */
const refusals: Partial<Record<Stage, string>> = {
  accounts: 'account-refused',
  server: 'server-object-refused',
  grants: 'account-refused',
}

/** Notes on an event whose time has gone by: it was dropped at once, or is disabled now. */
const pastEvent = [1544, 1588]

/** Events are loaded all the same; `apply` says once what to do. What some later release may lack is no matter of this one. */
function isHarmless(message: string): boolean {
  return message.startsWith('Event scheduler is switched off') || /\bdeprecated\b/.test(message)
}
