import { type FileHandle, open, rm } from 'node:fs/promises'
import { messageOf } from '../../../../shared/failure.ts'
import { FileUnreadable, type ServerFile, type ServerFiles, sliceBytes } from './server-file.ts'
import { formOf, pathHere } from './server-path.ts'

/** Files that this machine reaches, where the server has them or below another directory. */
export class LocalFiles implements ServerFiles {
  readonly #paths: readonly { server: string; here: string }[]

  constructor(paths: readonly { server: string; here: string }[]) {
    this.#paths = paths
  }

  async open(path: string): Promise<ServerFile> {
    const here = this.#pathOf(path)
    try {
      return new LocalFile(path, await open(here))
    } catch (error) {
      throw unreadable(path, error)
    }
  }

  async remove(path: string): Promise<void> {
    try {
      await rm(this.#pathOf(path), { force: true })
    } catch (error) {
      throw unreadable(path, error)
    }
  }

  async close(): Promise<void> {}

  #pathOf(path: string): string {
    if (formOf(path) === 'asm')
      throw new FileUnreadable(path, 'unreadable', 'it lies in ASM, which no file system shows')
    return pathHere(path, this.#paths)
  }
}

class LocalFile implements ServerFile {
  readonly #path: string
  readonly #handle: FileHandle
  readonly #buffer = Buffer.allocUnsafeSlow(sliceBytes)

  constructor(path: string, handle: FileHandle) {
    this.#path = path
    this.#handle = handle
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  async read(offset: number, length: number): Promise<Buffer> {
    try {
      const most = Math.min(length, this.#buffer.length)
      const { bytesRead } = await this.#handle.read(this.#buffer, 0, most, offset)
      return this.#buffer.subarray(0, bytesRead)
    } catch (error) {
      throw unreadable(this.#path, error)
    }
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

function unreadable(path: string, error: unknown): FileUnreadable {
  if (error instanceof FileUnreadable) return error
  const { code } = error as NodeJS.ErrnoException
  const how = code === 'ENOENT' ? 'missing' : code === 'EACCES' || code === 'EPERM' ? 'denied' : 'unreadable'
  return new FileUnreadable(path, how, messageOf(error), error)
}
