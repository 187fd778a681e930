import { syncDirectory } from '../files/sync-directory.ts'
import { syncFile } from '../files/sync-file.ts'
import type { RunDirectory } from './directory.ts'
import { stagingFailure } from './failures.ts'

/**
 * Part files that the disk may not have yet. Most are sent and gone before it would have to take them, which spares the disk of a busy server half of a
 * backup. It has to where a promise rests on them: an artefact that is not read again after a crash, a source that nothing more is needed of.
 */
export class Unsynced {
  readonly #directory: RunDirectory
  readonly #paths = new Set<string>()
  #syncing: Promise<void> = Promise.resolve()

  constructor(directory: RunDirectory) {
    this.#directory = directory
  }

  add(path: string): void {
    this.#paths.add(path)
  }

  /** The file is gone. */
  forget(path: string): void {
    this.#paths.delete(path)
  }

  /** All that was added before is on disk with its name when this resolves, but what was forgotten meanwhile. @throws Failure of the staging directory */
  sync(): Promise<void> {
    // One after the other: what a call before this one took up is on disk when this one is done, too.
    this.#syncing = this.#syncing.catch(() => {}).then(() => this.#sync())
    return this.#syncing
  }

  async #sync(): Promise<void> {
    const { path: directory } = this.#directory
    try {
      for (const path of [...this.#paths]) {
        await syncFile(path).catch(error => {
          // It was sent.
          if (error.code !== 'ENOENT') throw error
        })
        this.#paths.delete(path)
      }
      await syncDirectory(directory)
    } catch (error) {
      throw stagingFailure(error, directory)
    }
  }
}
