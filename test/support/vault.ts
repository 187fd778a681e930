import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { decodeJwt } from 'jose'
import { ulidOf } from '../../shared/ids.ts'
import { type Extent, Manifest } from '../../shared/manifest.ts'
import type { TestCloud } from './cloud.ts'

/** The vault of an embedded cloud seen from below S3, where bytes can rot and be exchanged. */
export class VaultDisk {
  readonly #directory: string

  constructor(cloud: TestCloud) {
    this.#directory = join(cloud.directory, 's3')
  }

  /** Keys of a snapshot's objects. */
  keys(snapshot: string): string[] {
    return this.#query(
      'SELECT key AS value FROM version WHERE latest = 1 AND instr(key, ?) > 0 ORDER BY key',
      ulidOf(snapshot),
    )
  }

  /** The one object of a snapshot whose key contains `name`. */
  key(snapshot: string, name: string): string {
    const found = this.keys(snapshot).filter(key => key.includes(name))
    if (found.length !== 1) throw new Error(`${found.length} objects of ${snapshot} are called ${name}`)
    return found[0]!
  }

  async read(key: string): Promise<Buffer> {
    return Buffer.concat(await Promise.all(this.#files(key).map(file => readFile(file))))
  }

  async manifest(snapshot: string): Promise<Manifest> {
    return Manifest.parse(decodeJwt((await this.read(this.key(snapshot, 'manifest.jws'))).toString()))
  }

  async readExtents(snapshot: string, extents: Extent[]): Promise<Buffer> {
    const pieces: Buffer[] = []
    for (const { pack, offset, length } of extents) {
      const bytes = await this.read(this.key(snapshot, `${String(pack).padStart(4, '0')}.pack`))
      pieces.push(bytes.subarray(offset, offset + length))
    }
    return Buffer.concat(pieces)
  }

  /** Runs `work` while the object has other bytes, as if they had been stored so; then puts the right ones back. */
  async whileChanged<T>(key: string, change: (bytes: Buffer) => Buffer, work: () => Promise<T>): Promise<T> {
    const pieces = this.#pieces(key)
    const originals = await Promise.all(pieces.map(({ file }) => readFile(this.#path(file))))
    const whole = Buffer.concat(originals)
    const write = async (bytes: Buffer) => {
      let offset = 0
      for (const [index, { file, size }] of pieces.entries()) {
        const end = index === pieces.length - 1 ? undefined : offset + size
        await writeFile(this.#path(file), bytes.subarray(offset, end))
        offset += size
      }
      this.#resize(key, pieces.at(-1)!, bytes.length - whole.length)
    }
    await write(change(whole))
    try {
      return await work()
    } finally {
      await write(whole)
    }
  }

  #path(file: string): string {
    return join(this.#directory, 'data', file.slice(0, 2), file)
  }

  #files(key: string): string[] {
    return this.#pieces(key).map(({ file }) => this.#path(file))
  }

  #pieces(key: string): Piece[] {
    return this.#with(database =>
      database
        .prepare(
          `SELECT file, piece.size AS size FROM piece JOIN version ON version.sequence = piece.version
           WHERE key = ? AND latest = 1 ORDER BY number`,
        )
        .all(key)
        .map(row => ({ file: String(row.file), size: Number(row.size) })),
    )
  }

  #resize(key: string, last: Piece, by: number): void {
    this.#with(database => {
      database.prepare('UPDATE piece SET size = ? WHERE file = ?').run(last.size + by, last.file)
      const size = this.#pieces(key).reduce((sum, piece) => sum + piece.size, 0)
      database.prepare('UPDATE version SET size = ? WHERE key = ? AND latest = 1').run(size, key)
    })
  }

  #query(sql: string, value: string): string[] {
    return this.#with(database =>
      database
        .prepare(sql)
        .all(value)
        .map(row => String(row.value)),
    )
  }

  #with<T>(work: (database: DatabaseSync) => T): T {
    const database = new DatabaseSync(join(this.#directory, 's3.sqlite'), { timeout: 5000 })
    try {
      return work(database)
    } finally {
      database.close()
    }
  }
}

interface Piece {
  file: string
  size: number
}
