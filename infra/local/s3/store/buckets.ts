import type { DatabaseSync } from 'node:sqlite'
import type { CorsRule } from '../cors.ts'

type Versioning = 'Off' | 'Enabled' | 'Suspended'

export interface Bucket {
  name: string
  versioning: Versioning
  /** Whether object lock is on, which needs versioning and cannot be turned off. */
  locked: boolean
  cors: CorsRule[]
}

export class Buckets {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  find(name: string): Bucket | undefined {
    const row = this.#database.prepare('SELECT * FROM bucket WHERE name = ?').get(name)
    if (!row) return undefined
    return {
      name,
      versioning: row.versioning as Versioning,
      locked: row.locked === 1,
      cors: JSON.parse(row.cors as string),
    }
  }

  /** Adds or replaces the bucket's own properties; its objects stay. */
  put(bucket: Bucket, now: Date): void {
    this.#database
      .prepare(
        `INSERT INTO bucket (name, created, versioning, locked, cors) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name)
         DO UPDATE SET versioning = excluded.versioning, locked = excluded.locked, cors = excluded.cors`,
      )
      .run(bucket.name, now.getTime(), bucket.versioning, Number(bucket.locked), JSON.stringify(bucket.cors))
  }

  isEmpty(name: string): boolean {
    return !this.#database
      .prepare('SELECT 1 FROM version WHERE bucket = ? UNION ALL SELECT 1 FROM upload WHERE bucket = ? LIMIT 1')
      .get(name, name)
  }

  remove(name: string): void {
    this.#database.prepare('DELETE FROM bucket WHERE name = ?').run(name)
  }
}
