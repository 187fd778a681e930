import { open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { SnapshotKind } from '../../../../shared/snapshot.ts'
import { readBlocks } from '../../../files/read-blocks.ts'
import type { Database } from '../inventory.ts'
import type { SharedDirectory } from '../settings.ts'
import { fileNameOf, UnusedNames } from './names.ts'

/** One file of the exchange directory, as the index, this machine and the server name it. */
export interface ExchangeFile {
  name: string
  local: string
  onServer: string
}

const blockSize = 1024 * 1024

/** The directory that the server writes its backups into and that we take them from: one of ours lies there no longer than it takes to seal it. */
export class Exchange {
  readonly #shared: SharedDirectory
  readonly #prefix: string
  readonly #names = new UnusedNames()

  /** @param token tells this source's files from those of others, and of other programs */
  constructor(shared: SharedDirectory, token: string) {
    this.#shared = shared
    this.#prefix = `failsafe-${token}-`
  }

  fileFor(database: Pick<Database, 'name' | 'guid'>, kind: SnapshotKind, at: Date): ExchangeFile {
    const name = this.#names.next(fileNameOf(database, kind, at))
    return { name, ...pathsIn(this.#shared, `${this.#prefix}${name}`) }
  }

  /** Removes what runs of this source left behind that were killed. @throws Failure `sqlserver-directory` */
  async sweep(): Promise<void> {
    const names = await list(this.#shared.directory)
    await Promise.all(
      names.filter(name => name.startsWith(this.#prefix)).map(name => remove(join(this.#shared.directory, name))),
    )
  }

  /** Bytes of a file that the server says it has written. @throws Failure `sqlserver-directory-elsewhere`, `sqlserver-directory` */
  async sizeOf(file: ExchangeFile): Promise<number> {
    try {
      const { size } = await stat(file.local)
      await (await open(file.local)).close()
      return size
    } catch (error) {
      throw unreadable(error, file)
    }
  }

  /** The whole file, and then it is gone. A chunk is valid until the next is asked for. */
  async *read(file: ExchangeFile, size: number): AsyncGenerator<Buffer, void, undefined> {
    const handle = await open(file.local).catch(error => {
      throw unreadable(error, file)
    })
    const block = Buffer.allocUnsafeSlow(blockSize)
    let read = 0
    try {
      for await (const chunk of readBlocks(handle, block)) {
        read += chunk.length
        yield chunk
      }
    } finally {
      await handle.close()
    }
    if (read !== size)
      throw new Failure('sqlserver-file-changed', `${file.local} was changed while it was read`, {
        why: `it had ${size} bytes when the server had verified it, and has ${read}`,
        fix: 'See that no other program works on the files of this directory',
        retriable: true,
      })
    await remove(file.local)
  }

  remove(file: ExchangeFile): Promise<void> {
    return remove(file.local)
  }
}

export function pathsIn(
  { directory, directoryOnServer = directory }: SharedDirectory,
  name: string,
): Pick<ExchangeFile, 'local' | 'onServer'> {
  const separator = isWindows(directoryOnServer) ? '\\' : '/'
  const inside = name.replaceAll('/', separator)
  return { local: join(directory, name), onServer: `${directoryOnServer.replace(/[\\/]+$/, '')}${separator}${inside}` }
}

/** A drive, or a share. */
function isWindows(path: string): boolean {
  return /^[A-Za-z]:|\\/.test(path)
}

async function list(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    throw new Failure('sqlserver-directory', `The exchange directory ${directory} cannot be read`, {
      why: messageOf(error),
      fix: 'Make it, and give the server and the account of failsafe rights in it: failsafe doctor says which',
      cause: error,
    })
  }
}

async function remove(path: string): Promise<void> {
  await rm(path, { force: true })
}

function unreadable(error: unknown, { local, onServer }: ExchangeFile): Failure {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT')
    return new Failure('sqlserver-directory-elsewhere', `The server wrote ${onServer}, and there is no ${local} here`, {
      why: 'directory and directoryOnServer are not the same place',
      fix: 'Name one directory that both reach: directory as this machine sees it, directoryOnServer as the server does',
      cause: error,
    })
  return new Failure('sqlserver-directory', `The backup file ${local} cannot be read`, {
    why: messageOf(error),
    fix: 'Give the account of failsafe the right to read and remove what the server writes there: failsafe doctor says how',
    cause: error,
  })
}
