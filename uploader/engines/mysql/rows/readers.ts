import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { Server } from '../connection/server.ts'
import { RowMemory } from '../wire/row-memory.ts'

export interface Reader {
  server: Server
  memory: RowMemory
}

/** The connections that see the moment, lent to one user at a time. None can be replaced: another one would see another moment. */
export class Readers {
  readonly #free: Reader[]
  readonly #waiting: ((reader: Reader) => void)[] = []

  constructor(servers: Server[]) {
    this.#free = servers.map(server => ({ server, memory: new RowMemory() }))
  }

  async lend<T>(use: (reader: Reader) => Promise<T>): Promise<T> {
    const reader = await this.take()
    try {
      return await use(reader)
    } finally {
      this.give(reader)
    }
  }

  take(): Promise<Reader> {
    const reader = this.#free.pop()
    if (!reader) return new Promise(resolve => this.#waiting.push(resolve))
    return Promise.resolve(reader)
  }

  give(reader: Reader): void {
    const next = this.#waiting.shift()
    if (next) next(reader)
    else this.#free.push(reader)
  }
}

/** @throws Failure when the connection is gone, which ends the whole snapshot */
export function lostReader(cause: unknown): Failure {
  return new Failure('mysql-connection-lost', 'A connection to the MySQL server was lost during the backup', {
    why: `${messageOf(cause)}; another connection would see another moment`,
    fix: 'Look for a restart, a KILL or a timeout in the server’s error log, then run the backup again',
    retriable: true,
    cause,
  })
}
