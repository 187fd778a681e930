import { randomBytes } from 'node:crypto'
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { Algorithm } from '../body/checksum.ts'
import type { Retention } from '../lock.ts'
import { transaction } from './database.ts'
import type { Piece } from './files.ts'

export interface NewUpload {
  bucket: string
  key: string
  headers: Record<string, string>
  /** Every part must carry it; undefined where the upload was started without one. */
  algorithm: Algorithm | undefined
  retention: Retention | undefined
}

export interface Upload extends NewUpload {
  id: string
  started: Date
}

export interface Part extends Piece {
  number: number
  etag: string
  /** Base64 of the upload's algorithm. */
  checksum: string | undefined
  modified: Date
}

/** Multipart uploads under way. */
export class Uploads {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  start(upload: NewUpload, now: Date): string {
    const id = randomBytes(48).toString('base64url')
    this.#database
      .prepare(
        'INSERT INTO upload (id, bucket, key, started, headers, algorithm, mode, until) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        id,
        upload.bucket,
        upload.key,
        now.getTime(),
        JSON.stringify(upload.headers),
        upload.algorithm ?? null,
        upload.retention?.mode ?? null,
        upload.retention?.until.getTime() ?? null,
      )
    return id
  }

  find(bucket: string, key: string, id: string): Upload | undefined {
    const row = this.#database
      .prepare('SELECT * FROM upload WHERE id = ? AND bucket = ? AND key = ?')
      .get(id, bucket, key)
    return row && toUpload(row)
  }

  /** By key, the oldest first; after a key, or after one upload of it. */
  *running(bucket: string, from: string, after: { key: string; upload?: Upload | undefined }): Generator<Upload> {
    const rows = this.#database
      .prepare(
        `SELECT * FROM upload WHERE bucket = :bucket AND key >= :from
           AND (key > :key OR key = :key AND (started, id) > (:started, :id))
         ORDER BY key, started, id`,
      )
      .iterate({
        bucket,
        from,
        key: after.key,
        started: after.upload?.started.getTime() ?? Number.MAX_SAFE_INTEGER,
        id: after.upload?.id ?? '',
      })
    for (const row of rows) yield toUpload(row)
  }

  /** @returns the file of the part it replaces */
  putPart(upload: Upload, part: Part): string[] {
    return transaction(this.#database, () => {
      const replaced = this.#database
        .prepare('SELECT file FROM part WHERE upload = ? AND number = ?')
        .all(upload.id, part.number)
      this.#database
        .prepare(
          'INSERT OR REPLACE INTO part (upload, number, file, size, etag, checksum, modified) VALUES (?, ?, ?, ?, ?, ?, ?)',
        )
        .run(upload.id, part.number, part.file, part.size, part.etag, part.checksum ?? null, part.modified.getTime())
      return replaced.map(row => row.file as string)
    })
  }

  /** By number. */
  parts(upload: Upload, after = 0): Part[] {
    return this.#database
      .prepare('SELECT * FROM part WHERE upload = ? AND number > ? ORDER BY number')
      .all(upload.id, after)
      .map(row => ({
        number: row.number as number,
        file: row.file as string,
        size: row.size as number,
        etag: row.etag as string,
        checksum: (row.checksum as string | null) ?? undefined,
        modified: new Date(row.modified as number),
      }))
  }

  /** Forgets the upload and its parts; their files are the caller's. */
  remove(upload: Upload): void {
    this.#database.prepare('DELETE FROM upload WHERE id = ?').run(upload.id)
  }
}

function toUpload(row: Record<string, SQLOutputValue>): Upload {
  return {
    id: row.id as string,
    bucket: row.bucket as string,
    key: row.key as string,
    started: new Date(row.started as number),
    headers: JSON.parse(row.headers as string),
    algorithm: (row.algorithm as Algorithm | null) ?? undefined,
    retention:
      row.mode === null ? undefined : { mode: row.mode as Retention['mode'], until: new Date(row.until as number) },
  }
}
