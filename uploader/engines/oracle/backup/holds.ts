import type { DataFile } from '../inventory.ts'
import type { Scope } from './note.ts'

/** Files that are in backup mode together: it ends as soon as the last of them was read. */
export class Hold {
  readonly scope: Scope
  readonly files: readonly DataFile[]
  /** When backup mode has ended; fails with the first file that cannot be read. */
  readonly ended: Promise<void>
  #left: number
  readonly #settle: { resolve(): void; reject(error: unknown): void }

  constructor(scope: Scope, files: readonly DataFile[]) {
    this.scope = scope
    this.files = files
    this.#left = files.length
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.ended = promise
    this.#settle = { resolve, reject }
    // Whoever waits is told; there may be nobody who does.
    promise.catch(() => {})
  }

  /** One of them was read. @param end ends backup mode, after the last one */
  async done(end: () => Promise<void>): Promise<void> {
    if (--this.#left > 0) return
    await end()
    this.#settle.resolve()
  }

  fail(error: unknown): void {
    this.#settle.reject(error)
  }
}
