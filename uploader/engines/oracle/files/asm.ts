import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { RemoteFiles } from './remote.ts'
import type { ServerFile, ServerFiles } from './server-file.ts'
import { formOf, joinPath } from './server-path.ts'

/** Files in ASM by way of a copy that the server makes in the exchange directory, which is removed when it was read. All others as they are. */
export class WithAsm implements ServerFiles {
  readonly #files: ServerFiles
  readonly #server: RemoteFiles
  readonly #directory: string
  readonly #prefix: string
  /** Numbers of copies that are in use: a killed run leaves no more of them than it read files at once, under names that come again. */
  readonly #used = new Set<number>()

  /** @param server has the copies made, also where files are read on this machine. @param prefix of the names of copies */
  constructor(files: ServerFiles, server: RemoteFiles, directory: string, prefix: string) {
    this.#files = files
    this.#server = server
    this.#directory = directory
    this.#prefix = prefix
  }

  async open(path: string): Promise<ServerFile> {
    if (formOf(path) !== 'asm') return this.#files.open(path)
    let slot = 1
    while (this.#used.has(slot)) slot++
    this.#used.add(slot)
    const copy = joinPath(this.#directory, `${this.#prefix}asm-${slot}`)
    const removed = () => this.#files.remove(copy)
    try {
      // What a killed run left there; mostly nothing is.
      await removed().catch(() => {})
      await this.#server.copyTo(path, copy)
      const file = await this.#files.open(copy)
      return {
        size: () => file.size(),
        read: (offset, length) => file.read(offset, length),
        close: async () => {
          await file.close()
          await removed()
          this.#used.delete(slot)
        },
      }
    } catch (error) {
      await removed().catch(() => {})
      this.#used.delete(slot)
      throw error
    }
  }

  remove(path: string): Promise<void> {
    return this.#files.remove(path)
  }

  close(): Promise<void> {
    return this.#files.close()
  }
}

export function asmRefused(path: string, cause?: unknown): Failure {
  return new Failure('oracle-asm', `${path} lies in ASM`, {
    why: cause === undefined ? 'no file system shows what is in it' : messageOf(cause),
    fix: 'Set asm: copy, so that the server copies each file into directory first (GRANT EXECUTE ON SYS.DBMS_FILE_TRANSFER to the account)',
    cause,
  })
}
