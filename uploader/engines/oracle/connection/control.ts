import { setTimeout } from 'node:timers/promises'
import type { Statement } from '../statements/statement.ts'
import { ConnectionLost } from './errors.ts'
import type { Login } from './login.ts'
import type { Row } from './row.ts'
import { type CallOptions, Session } from './session.ts'

/** How long a database that does not answer is waited for. */
export interface Patience {
  attempts: number
  /** Milliseconds between two of them. */
  pause: number
}

export const patience: Patience = { attempts: 30, pause: 10_000 }

/** One session that is opened anew where it was lost. A copy of a large database takes hours, in which it says nothing; END BACKUP has to get through after that. */
export class Control {
  readonly #login: Login
  readonly #patience: Patience
  #session: Session | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** @param session the first one, if it is open already */
  constructor(login: Login, session: Session | undefined, patience: Patience) {
    this.#login = login
    this.#session = session
    this.#patience = patience
  }

  /** What may be asked twice. @throws as `Session.query`; Failure where the database is not reached for longer than the patience */
  query(statement: Statement, options: CallOptions = {}): Promise<Row[]> {
    return this.again(session => session.query(statement, options), options.signal)
  }

  /** @throws as `query` */
  one(statement: Statement, options: CallOptions = {}): Promise<Row> {
    return this.again(session => session.one(statement, options), options.signal)
  }

  /** What may be done twice. @throws as `query` */
  run(statement: Statement, options: CallOptions = {}): Promise<void> {
    return this.again(session => session.run(statement, options), options.signal)
  }

  /** Work that may be begun anew on another session, alone. */
  again<T>(work: (session: Session) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#alone(async () => {
      for (let attempt = 1; ; attempt++) {
        const session = await this.#open(signal)
        try {
          return await work(session)
        } catch (error) {
          if (!(error instanceof ConnectionLost) || attempt >= this.#patience.attempts) throw error
          await this.#wait(signal)
        }
      }
    })
  }

  async #open(signal: AbortSignal | undefined): Promise<Session> {
    for (let attempt = 1; this.#session === undefined || this.#session.isLost; attempt++) {
      try {
        this.#session = await Session.connect(this.#login, signal)
      } catch (error) {
        if (attempt >= this.#patience.attempts || !(error as { retriable?: boolean }).retriable) throw error
        await this.#wait(signal)
      }
    }
    return this.#session
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    await setTimeout(this.#patience.pause, undefined, { signal }).catch(() => signal?.throwIfAborted())
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work, work)
    this.#last = next.catch(() => {})
    return next
  }

  async end(): Promise<void> {
    await this.#last
    await this.#session?.end()
  }
}
