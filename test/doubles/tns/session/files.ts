import { existsSync, lstatSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { OraError } from '../ora.ts'
import type { Bfile } from '../value.ts'
import type { SessionState } from './session.ts'

const mostOpenFiles = 'session_max_open_files'

/**
 * Files that a session reads by the names of DIRECTORY objects.
 *
 * @see SecureFiles and Large Objects Developer's Guide, "BFILEs"; PL/SQL Packages and Types Reference, DBMS_LOB for the numbers
 */
export class ServerFiles {
  readonly #session: SessionState
  readonly #open = new Map<string, FileHandle>()

  constructor(session: SessionState) {
    this.#session = session
  }

  async open(bfile: Bfile): Promise<void> {
    const key = keyOf(bfile)
    if (this.#open.has(key)) return
    const most = Number(this.#session.database.parameters.get(mostOpenFiles))
    if (this.#open.size >= most)
      throw new OraError(22290, 'operation would exceed the maximum number of opened files or LOBs')
    this.#open.set(key, await open(this.#readable(bfile, 'FILEOPEN')))
  }

  async close(bfile: Bfile): Promise<void> {
    const file = this.#open.get(keyOf(bfile))
    if (!file) throw new OraError(22289, 'cannot perform FILECLOSE operation on an unopened file or LOB')
    this.#open.delete(keyOf(bfile))
    await file.close()
  }

  async closeAll(): Promise<void> {
    const files = [...this.#open.values()]
    this.#open.clear()
    for (const file of files) await file.close()
  }

  isOpen(bfile: Bfile): boolean {
    return this.#open.has(keyOf(bfile))
  }

  exists(bfile: Bfile): boolean {
    return existsSync(this.path(bfile, 'FILEEXISTS'))
  }

  length(bfile: Bfile): bigint {
    return BigInt(statSync(this.#readable(bfile, 'GETLENGTH')).size)
  }

  /** @param offset from 1 */
  async read(bfile: Bfile, offset: bigint, amount: bigint): Promise<Buffer> {
    const file = this.#open.get(keyOf(bfile))
    if (!file) throw new OraError(22289, 'cannot perform FILEREAD operation on an unopened file or LOB')
    const bytes = Buffer.alloc(Number(amount))
    let filled = 0
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, Number(offset) - 1 + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  }

  /** Where a file lies whose directory is known, whether or not it is there. @throws OraError 22285 */
  path({ directory, file }: Bfile, operation: string): string {
    const { database, container } = this.#session
    const found = database.directories.find(({ name, container: of }) => name === directory && of === container)
    if (!found) throw new OraError(22285, `non-existent directory or file for ${operation} operation`)
    return join(found.path, file)
  }

  /** @throws OraError 22288 where the file is not there, or its directory is reached by a symbolic link */
  #readable(bfile: Bfile, operation: string): string {
    const path = this.path(bfile, operation)
    const failed = (reason: string) => new OraError(22288, `file or LOB operation ${operation} failed\n${reason}`)
    if (!existsSync(path) || !statSync(path).isFile()) throw failed('No such file or directory')
    if (lstatSync(path).isSymbolicLink() || lstatSync(dirname(path)).isSymbolicLink()) throw failed('soft link in path')
    return path
  }
}

function keyOf({ directory, file }: Bfile): string {
  return `${directory}/${file}`
}
