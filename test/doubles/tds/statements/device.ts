import { type FileHandle, open } from 'node:fs/promises'
import { posix, win32 } from 'node:path'
import type { Media } from '../bak/media.ts'
import type { Source } from '../bak/medium.ts'
import { MediaError, readMedia } from '../bak/read.ts'
import type { Instance } from '../model/instance.ts'
import { refused, type SqlError } from '../model/sql-error.ts'

/** Where the server sees a directory, and where this machine has it: a share, or the volume of a container. */
export type Mounts = { server: string; local: string }[]

/** Source: Microsoft, "BACKUP (Transact-SQL)", physical device name. */
const longestName = 259

/** A fault of the operating system, as Node names it. */
export class DeviceFault extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/**
 * Source: Windows' system error codes; reference 1.C: 3201 with 5 and 3, 3202 with 112 on Windows and 28 on Linux.
 *
 * @returns undefined for what no operating system says
 */
function systemError(error: unknown, { platform }: Instance, reading: boolean): string | undefined {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'ENOENT':
    case 'ENOTDIR':
      return reading ? '2(The system cannot find the file specified.)' : '3(The system cannot find the path specified.)'
    case 'EACCES':
    case 'EPERM':
    case 'EISDIR':
    case 'EROFS':
      return '5(Access is denied.)'
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return platform === 'windows' ? '112(There is not enough space on the disk.)' : '28(No space left on device)'
    default:
      return undefined
  }
}

/** A backup file by the name that the server has for it. */
export class Device {
  readonly name: string
  readonly #instance: Instance
  readonly #mounts: Mounts

  /** @throws SqlError 3044, 3057 */
  constructor(name: string, instance: Instance, mounts: Mounts) {
    if (name === '') throw refused(3044)
    if (name.length > longestName) throw refused(3057, longestName)
    const { isAbsolute, join } = instance.platform === 'windows' ? win32 : posix
    // On this machine a path is never a Windows path; the double takes both.
    this.name =
      isAbsolute(name) || posix.isAbsolute(name) || name.toUpperCase() === 'NUL'
        ? name
        : join(instance.backupDirectory, name)
    this.#instance = instance
    this.#mounts = mounts
  }

  /** What is written to it is gone. */
  get isNull(): boolean {
    return this.name.toUpperCase() === 'NUL'
  }

  get local(): string {
    return localPath(this.name, this.#mounts)
  }

  /** @param flags as `fs.open` has them. @throws SqlError 3201 */
  async open(flags: string): Promise<FileHandle> {
    try {
      return await open(this.isNull ? '/dev/null' : this.local, flags)
    } catch (error) {
      throw this.openFailed(error, flags === 'r')
    }
  }

  openFailed(error: unknown, reading: boolean): unknown {
    const text = systemError(error, this.#instance, reading)
    return text === undefined ? error : refused(3201, this.name, text)
  }

  writeFailed(error: unknown): unknown {
    const text = systemError(error, this.#instance, false)
    return text === undefined ? error : refused(3202, this.name, text)
  }

  /** @throws SqlError 3241, 3242, 3203 */
  async media(file: Source): Promise<Media> {
    return readMedia(file).catch(error => {
      throw this.unreadable(error, refused(3241, this.name))
    })
  }

  /** @param damage what a wrong checksum means to the statement that reads */
  unreadable(error: unknown, damage: SqlError): unknown {
    if (!(error instanceof MediaError)) return error
    switch (error.reason) {
      case 'not-a-backup':
        return refused(3242, this.name)
      case 'malformed':
        return refused(3241, this.name)
      case 'end-of-file':
        return refused(3203, this.name, '38(Reached the end of the file.)')
      case 'damaged':
        return damage
    }
  }
}

export function localPath(name: string, mounts: Mounts): string {
  const mount = mounts.find(({ server }) => name.startsWith(server))
  return mount ? mount.local + name.slice(mount.server.length).replaceAll('\\', '/') : name
}
