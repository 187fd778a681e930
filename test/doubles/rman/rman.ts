import {
  chmodSync,
  existsSync,
  type FSWatcher,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
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
  readonly #calls: string
  readonly #watcher: FSWatcher

  constructor(oracle: Oracle) {
    this.#oracle = oracle
    this.home = join(oracle.database.directory, 'home')
    this.sid = oracle.database.logs.threads[0]!.instance
    this.#calls = join(this.home, 'calls')
    mkdirSync(this.#calls, { recursive: true })
    mkdirSync(join(this.home, 'bin'))
    const program = join(this.home, 'bin', 'rman')
    writeFileSync(program, launcher(this.#calls))
    chmodSync(program, 0o755)
    this.#watcher = watch(this.#calls, (_, name) => {
      if (name?.endsWith('.told')) void this.#answer(join(this.#calls, name))
    })
  }

  /** As a source names it. */
  get settings(): { home: string; sid: string } {
    return { home: this.home, sid: this.sid }
  }

  /** Each call once: its file is seen when it comes, and when it goes. */
  async #answer(told: string): Promise<void> {
    if (!existsSync(told)) return
    const [sid = '', ...commands] = readFileSync(told, 'utf8').split('\n')
    rmSync(told)
    const { lines, code } = await this.#perform(commands.join('\n'), sid)
    const said = told.replace(/told$/, 'said')
    writeFileSync(`${said}.part`, `${code}\n${lines.join('\n')}\n`)
    renameSync(`${said}.part`, said)
  }

  async #perform(commands: string, sid: string): Promise<{ lines: string[]; code: number }> {
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
    this.#watcher.close()
  }
}

/** A shell, which is there sooner than another program would be: it lays down what it was told in a file of its own, and says what is laid beside it. */
function launcher(calls: string): string {
  return `#!/bin/sh
call='${calls}'/$$
{ echo "$ORACLE_SID"; cat; } > "$call.part"
mv "$call.part" "$call.told"
while [ ! -e "$call.said" ]; do sleep 0.01; done
{ read -r code; cat; } < "$call.said" && exit "$code"
`
}
