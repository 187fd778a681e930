import type { Server } from '../connection/server.ts'
import type { Inventory } from '../inventory.ts'
import type { Task } from '../plan/judge.ts'
import { examine } from '../statements/backup.ts'
import { backupSetOf } from './backup-set.ts'
import { wrongHeader } from './belongs.ts'
import type { Exchange, ExchangeFile } from './exchange.ts'
import { directoryDenied } from './explain.ts'
import { filesOf } from './files.ts'
import { historyFromHeader } from './header-history.ts'
import type { Attempt, Content, Examined, Way } from './way.ts'

const cannotOpen = 3201

/** Each backup is a file of the exchange directory: the server writes and verifies it, and it is gone when it is read. */
export class DiskWay implements Way {
  readonly writesFirst = true
  readonly takers: number
  readonly #exchange: Exchange
  readonly #inventory: Inventory
  readonly #signal: AbortSignal

  constructor(exchange: Exchange, inventory: Inventory, { takers, signal }: { takers: number; signal: AbortSignal }) {
    this.#exchange = exchange
    this.#inventory = inventory
    this.takers = takers
    this.#signal = signal
  }

  attempt({ database, kind }: Task, at: Date, hand: (artefact: Content) => void): Attempt {
    const file = this.#exchange.fileFor(database, kind, at)
    let size = 0
    const attempt: Attempt = {
      to: { disk: file.onServer },
      file: file.name,
      isHeldUp: () => false,
      examine: async (server, task, set) => {
        const examined = await this.#examine(server, task, set, file)
        size = examined.size
        return examined
      },
      explain: error => (error.has(cannotOpen) ? directoryDenied(error, file) : undefined),
      again: async () => {
        await this.#exchange.remove(file)
        return attempt
      },
      handOver: (set, attributes) =>
        new Promise(resolve => {
          const exchange = this.#exchange
          hand({
            name: file.name,
            resumeKey: set,
            attributes,
            async *read() {
              yield* exchange.read(file, size)
              resolve()
            },
          })
        }),
      discard: () => this.#exchange.remove(file),
    }
    return attempt
  }

  async close(): Promise<void> {}

  async #examine(server: Server, task: Task, name: string, file: ExchangeFile): Promise<Examined> {
    const { major, offset } = this.#inventory
    const signal = this.#signal
    const results = await server.queryAll(examine(file.onServer, task.database.name, name), { signal })
    const [header = [], files = [], history = []] = results
    // Where the history was purged in between, the file's own header tells.
    const row = history[0] ?? (await historyFromHeader(server, file, major, signal))
    const set = backupSetOf(row, offset)
    return {
      set,
      files: filesOf(files),
      size: await this.#exchange.sizeOf(file),
      wrong: wrongHeader(task.kind, set, header),
    }
  }
}
