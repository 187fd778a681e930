import { setTimeout } from 'node:timers/promises'
import { release } from '../../../../shared/sealed/release.ts'
import type { Control, Patience } from '../connection/control.ts'
import { ConnectionLost, StatementError, TimedOut } from '../connection/errors.ts'
import type { Login } from '../connection/login.ts'
import { type Handle, Session } from '../connection/session.ts'
import { copyFile, removeFile } from '../statements/files.ts'
import { readThroughDriver } from './dead-buffers.ts'
import type { Directories } from './directories.ts'
import { FileUnreadable, type ServerFile, type ServerFiles } from './server-file.ts'
import { formOf, splitPath } from './server-path.ts'

export interface RemoteOptions {
  login: Login
  control: Control
  directories: Directories
  signal: AbortSignal
  patience: Patience
}

/** Files that come through sessions of the database, several at a time: nothing but its listener has to be reached. */
export class RemoteFiles implements ServerFiles {
  readonly #options: RemoteOptions
  readonly #idle: Session[] = []

  constructor(options: RemoteOptions) {
    this.#options = options
  }

  async open(path: string): Promise<ServerFile> {
    if (formOf(path) === 'asm')
      throw new FileUnreadable(path, 'unreadable', 'it lies in ASM, which no file system shows')
    const { directory, name } = splitPath(path)
    const file = new RemoteFile(path, await this.#options.directories.nameOf(directory), name, this)
    try {
      await file.size()
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async remove(path: string): Promise<void> {
    const { directory, name } = splitPath(path)
    const { control, directories } = this.#options
    try {
      await control.run(removeFile(await directories.nameOf(directory), name))
    } catch (error) {
      throw asUnreadable(path, error)
    }
  }

  /** Has the server copy a file, out of ASM too, to a path of the file system where nothing is yet. */
  async copyTo(from: string, to: string): Promise<void> {
    const { control, directories } = this.#options
    const [source, target] = [splitPath(from), splitPath(to)]
    try {
      await control.run(
        copyFile(
          { directory: await directories.nameOf(source.directory), file: source.name },
          { directory: await directories.nameOf(target.directory), file: target.name },
        ),
        { timeout: copyTimeout },
      )
    } catch (error) {
      throw asUnreadable(from, error)
    }
  }

  async take(): Promise<Session> {
    const { login, signal } = this.#options
    return this.#idle.pop() ?? (await Session.connect(login, signal))
  }

  give(session: Session): void {
    if (!session.isLost) this.#idle.push(session)
  }

  /** Once more, after a session was lost: not for ever. @throws the error of the last attempt */
  async again<T>(path: string, work: () => Promise<T>): Promise<T> {
    const { patience, signal } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        signal.throwIfAborted()
        const lost = error instanceof ConnectionLost || error instanceof TimedOut
        const retriable = lost || (error as { retriable?: boolean }).retriable === true
        if (!retriable || attempt >= patience.attempts) throw asUnreadable(path, error)
        await setTimeout(patience.pause, undefined, { signal })
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(session => session.end()))
  }
}

/** A data file of a large database is copied in one statement. */
const copyTimeout = 12 * 3_600_000

class RemoteFile implements ServerFile {
  readonly #path: string
  readonly #directory: string
  readonly #name: string
  readonly #files: RemoteFiles
  #session: Session | undefined
  #handle: Handle | undefined
  #given: Buffer | undefined

  constructor(path: string, directory: string, name: string, files: RemoteFiles) {
    this.#path = path
    this.#directory = directory
    this.#name = name
    this.#files = files
  }

  size(): Promise<number> {
    this.#handle = undefined
    return this.#with(({ handle }) => Promise.resolve(handle.bytes))
  }

  async read(offset: number, length: number): Promise<Buffer> {
    this.#forget()
    this.#given = await this.#with(({ session, handle }) => session.read(handle, offset, length))
    readThroughDriver(this.#given.length)
    return this.#given
  }

  /** What was given is of no use any more, and more comes every few milliseconds. */
  #forget(): void {
    if (this.#given) release(this.#given)
    this.#given = undefined
  }

  #with<T>(work: (open: { session: Session; handle: Handle }) => Promise<T>): Promise<T> {
    return this.#files.again(this.#path, async () => {
      if (this.#session === undefined || this.#session.isLost) {
        this.#handle = undefined
        this.#session = await this.#files.take()
      }
      const session = this.#session
      this.#handle ??= await session.open(this.#directory, this.#name)
      return work({ session, handle: this.#handle })
    })
  }

  async close(): Promise<void> {
    this.#forget()
    if (this.#session) this.#files.give(this.#session)
    this.#session = undefined
  }
}

/** What is said of a BFILE that cannot be read, with the reason of the server's system. */
const fileErrors = new Set([22_285, 22_288, 22_289, 22_993, 19_505, 29_283])

function asUnreadable(path: string, error: unknown): unknown {
  if (!(error instanceof StatementError) || !fileErrors.has(error.number)) return error
  const missing = /no such file|cannot find|ORA-27037/i.test(error.message)
  const denied = /permission|denied/i.test(error.message)
  return new FileUnreadable(path, missing ? 'missing' : denied ? 'denied' : 'unreadable', error.message, error)
}
