import { randomBytes } from 'node:crypto'
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { Checksum } from '../body/checksum.ts'
import type { Retention } from '../lock.ts'
import type { Bucket } from './buckets.ts'
import { transaction } from './database.ts'
import type { Piece } from './files.ts'

export interface NewVersion {
  key: string
  size: number
  /** Without quotes. */
  etag: string
  /** What a GET sends back: content-type, x-amz-meta-*, … */
  headers: Record<string, string>
  checksum: Checksum | undefined
  retention: Retention | undefined
}

export interface Version extends NewVersion {
  sequence: number
  id: string
  latest: boolean
  /** A delete marker has no bytes. */
  marker: boolean
  modified: Date
}

/** Where to go on in a list: after this key, or after this version of it. */
export interface VersionCursor {
  key: string
  sequence?: number | undefined
}

export class Versions {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** The newest version, which may be a delete marker. */
  latest(bucket: string, key: string): Version | undefined {
    const row = this.#database
      .prepare('SELECT * FROM version WHERE bucket = ? AND key = ? AND latest = 1')
      .get(bucket, key)
    return row && toVersion(row)
  }

  find(bucket: string, key: string, id: string): Version | undefined {
    const row = this.#database
      .prepare('SELECT * FROM version WHERE bucket = ? AND key = ? AND id = ?')
      .get(bucket, key, id)
    return row && toVersion(row)
  }

  pieces(version: Version): Piece[] {
    return this.#database
      .prepare('SELECT file, size FROM piece WHERE version = ? ORDER BY number')
      .all(version.sequence) as unknown as Piece[]
  }

  /** Objects as a plain list shows them, by key; deleted ones are left out. */
  *objects(bucket: string, from: string, after: string): Generator<Version> {
    const rows = this.#database
      .prepare(
        'SELECT * FROM version WHERE bucket = ? AND key >= ? AND key > ? AND latest = 1 AND marker = 0 ORDER BY key',
      )
      .iterate(bucket, from, after)
    for (const row of rows) yield toVersion(row)
  }

  /** Every version, by key, the newest first. */
  *history(bucket: string, from: string, after: VersionCursor): Generator<Version> {
    const rows = this.#database
      .prepare(
        `SELECT * FROM version WHERE bucket = :bucket AND key >= :from AND (key > :key OR key = :key AND sequence < :sequence)
         ORDER BY key, sequence DESC`,
      )
      .iterate({ bucket, from, key: after.key, sequence: after.sequence ?? -1 })
    for (const row of rows) yield toVersion(row)
  }

  /** Adds a version and makes it the latest. `replaced` are the files of the version that an unversioned bucket lost by it. */
  add(bucket: Bucket, version: NewVersion, pieces: Piece[], now: Date): { id: string; replaced: string[] } {
    return this.#append(bucket, version, pieces, false, now)
  }

  /** Adds a delete marker. */
  mark(bucket: Bucket, key: string, now: Date): { id: string; replaced: string[] } {
    const marker = { key, size: 0, etag: '', headers: {}, checksum: undefined, retention: undefined }
    return this.#append(bucket, marker, [], true, now)
  }

  /** @returns the files that now belong to nobody */
  remove(bucket: string, version: Version): string[] {
    return transaction(this.#database, () => {
      const files = this.pieces(version).map(piece => piece.file)
      this.#database.prepare('DELETE FROM version WHERE sequence = ?').run(version.sequence)
      if (version.latest)
        this.#database
          .prepare(
            `UPDATE version SET latest = 1 WHERE sequence =
               (SELECT max(sequence) FROM version WHERE bucket = ? AND key = ?)`,
          )
          .run(bucket, version.key)
      return files
    })
  }

  retain(version: Version, retention: Retention | undefined): void {
    this.#database
      .prepare('UPDATE version SET mode = ?, until = ? WHERE sequence = ?')
      .run(retention?.mode ?? null, retention?.until.getTime() ?? null, version.sequence)
  }

  #append(bucket: Bucket, version: NewVersion, pieces: Piece[], marker: boolean, now: Date) {
    return transaction(this.#database, () => {
      const id = bucket.versioning === 'Enabled' ? randomBytes(24).toString('base64url') : 'null'
      const old = id === 'null' ? this.find(bucket.name, version.key, 'null') : undefined
      const replaced = old ? this.remove(bucket.name, old) : []
      this.#database
        .prepare('UPDATE version SET latest = 0 WHERE bucket = ? AND key = ? AND latest = 1')
        .run(bucket.name, version.key)
      const { lastInsertRowid } = this.#database
        .prepare(
          `INSERT INTO version (bucket, key, id, latest, marker, size, etag, modified, headers, checksum, mode, until)
           VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          bucket.name,
          version.key,
          id,
          Number(marker),
          version.size,
          version.etag,
          now.getTime(),
          JSON.stringify(version.headers),
          version.checksum ? JSON.stringify(version.checksum) : null,
          version.retention?.mode ?? null,
          version.retention?.until.getTime() ?? null,
        )
      const insert = this.#database.prepare('INSERT INTO piece (version, number, file, size) VALUES (?, ?, ?, ?)')
      for (const [index, { file, size }] of pieces.entries()) insert.run(lastInsertRowid, index, file, size)
      return { id, replaced }
    })
  }
}

function toVersion(row: Record<string, SQLOutputValue>): Version {
  return {
    sequence: row.sequence as number,
    key: row.key as string,
    id: row.id as string,
    latest: row.latest === 1,
    marker: row.marker === 1,
    size: row.size as number,
    etag: row.etag as string,
    modified: new Date(row.modified as number),
    headers: JSON.parse(row.headers as string),
    checksum: row.checksum === null ? undefined : JSON.parse(row.checksum as string),
    retention:
      row.mode === null ? undefined : { mode: row.mode as Retention['mode'], until: new Date(row.until as number) },
  }
}
