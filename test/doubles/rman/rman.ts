import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { OraError } from '../tns/ora.ts'
import type { Oracle } from '../tns/oracle.ts'
import { commandsIn } from './commands-in.ts'
import { perform } from './perform.ts'
import { Repository } from './repository.ts'

/**
 * A double of Oracle's Recovery Manager: a program in an ORACLE_HOME of its own that is told commands on its standard input, and does to the database of `oracle` what
 * they say. It knows the commands that the uploader uses, refuses all others, and ends with 1 at the first that fails.
 */
export class Rman implements AsyncDisposable {
  readonly home: string
  readonly sid: string
  /** Every command that it was told, in order. */
  readonly told: string[] = []
  readonly repository = new Repository()
  /** What happens before a command is performed. It may throw. */
  before: (command: string) => unknown = () => {}
  readonly #oracle: Oracle
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(oracle: Oracle) {
    this.#oracle = oracle
    this.home = join(oracle.database.directory, 'home')
    this.sid = oracle.database.logs.threads[0]!.instance
    this.#server = createServer({ allowHalfOpen: true }, async socket => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      const { commands, sid } = JSON.parse(await text(socket)) as { commands: string; sid: string }
      socket.end(JSON.stringify(await this.#answer(commands, sid)))
    })
  }

  static async of(oracle: Oracle): Promise<Rman> {
    const rman = new Rman(oracle)
    const socket = join(oracle.database.directory, 'rman.socket')
    rman.#server.listen(socket)
    await once(rman.#server, 'listening')
    mkdirSync(join(rman.home, 'bin'), { recursive: true })
    const program = join(rman.home, 'bin', 'rman')
    const client = join(import.meta.dirname, 'client.ts')
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${client}' '${socket}'\n`)
    chmodSync(program, 0o755)
    return rman
  }

  /** As a source names it. */
  get settings(): { home: string; sid: string } {
    return { home: this.home, sid: this.sid }
  }

  async #answer(commands: string, sid: string): Promise<{ lines: string[]; code: number }> {
    const lines = ['Recovery Manager: Release 19.0.0.0.0 - Production', '']
    for (const command of commandsIn(commands)) {
      this.told.push(command)
      try {
        await this.before(command)
        if (sid !== this.sid) throw new OraError(12162, 'TNS:net service name is incorrectly specified')
        lines.push(...perform(command, this.#oracle, this.repository))
      } catch (error) {
        if (!(error instanceof Error)) throw error
        const what = command.split(/[\s;]/)[0]!.toLowerCase()
        lines.push(`RMAN-03002: failure of ${what} command`, ...error.message.split('\n'))
        return { lines, code: 1 }
      }
    }
    return { lines: [...lines, 'Recovery Manager complete.'], code: 0 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }
}
