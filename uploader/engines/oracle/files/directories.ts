import { text } from '../../row.ts'
import type { Control } from '../connection/control.ts'
import { StatementError } from '../connection/errors.ts'
import { createDirectory, directoriesLike, dropDirectory } from '../statements/files.ts'

const notThere = 4043
const insufficient = 1031

/**
 * DIRECTORY objects of this source: the names by which a session reads what lies in the directories of the server. They are dropped when the run ends. Where the
 * account may not drop any (SYSBACKUP holds CREATE ANY DIRECTORY, and may not hold the other), they stay under names that the next run takes again, and lead
 * to the exchange directory only.
 */
export class Directories {
  readonly #control: Control
  readonly #prefix: string
  readonly #harmless: string
  readonly #names = new Map<string, Promise<string>>()

  /** @param token tells this source's from those of others. @param harmless where those may lead that cannot be dropped */
  constructor(control: Control, token: string, harmless: string) {
    this.#control = control
    this.#harmless = harmless
    this.#prefix = `FAILSAFE_${token.toUpperCase()}_`
  }

  /** Drops what runs of this source left behind that were killed. */
  async sweep(signal?: AbortSignal): Promise<void> {
    const options = signal === undefined ? {} : { signal }
    for (const row of await this.#control.query(directoriesLike(this.#prefix), options))
      await this.#drop(text(row, 'name'))
  }

  /** The name of the object for a directory; made when it is first asked for. */
  nameOf(directory: string): Promise<string> {
    const known = this.#names.get(directory)
    if (known) return known
    const name = `${this.#prefix}${this.#names.size + 1}`
    const made = this.#control.run(createDirectory(name, directory)).then(() => name)
    this.#names.set(directory, made)
    return made
  }

  async close(): Promise<void> {
    const made = await Promise.allSettled(this.#names.values())
    for (const each of made) if (each.status === 'fulfilled') await this.#drop(each.value)
  }

  async #drop(name: string): Promise<void> {
    try {
      await this.#control.run(dropDirectory(name))
    } catch (error) {
      if (error instanceof StatementError && error.number === notThere) return
      if (!(error instanceof StatementError && error.number === insufficient)) throw error
      await this.#control.run(createDirectory(name, this.#harmless))
    }
  }
}
