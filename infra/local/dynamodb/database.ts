import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { Failure, messageOf } from '../../../shared/failure.ts'

const setup = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA cache_size = -32768;
  CREATE TABLE IF NOT EXISTS tables (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,
    created INTEGER NOT NULL,
    ttl TEXT,
    items INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    created INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS tokens_created ON tokens (created);
`

/**
 * The one SQLite file. It runs in WAL mode with synchronous=FULL: whatever was answered is on the disk, so it survives kill -9 and
 * also a power cut (with NORMAL the last answers could be lost). The price is one fsync per write request; a batch of 25 pays it once. Tests that
 * throw the directory away do without.
 * The file is locked exclusively, so a second server on the same directory fails at once instead of corrupting a serial order.
 */
export class Database {
  readonly #sqlite: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #inTransaction = false

  constructor(directory: string, { durable = true }: { durable?: boolean | undefined } = {}) {
    mkdirSync(directory, { recursive: true })
    this.#sqlite = new DatabaseSync(join(directory, 'dynamodb.sqlite'))
    try {
      this.#sqlite.exec(`PRAGMA synchronous = ${durable ? 'FULL' : 'OFF'};`)
      this.#sqlite.exec(setup)
    } catch (cause) {
      this.#sqlite.close()
      throw new Failure('dynamodb-state', `Cannot open the state of the DynamoDB stand-in in ${directory}`, {
        why: messageOf(cause),
        fix: 'If another embedded cloud runs on the same directory, stop it or choose another directory.',
        cause,
      })
    }
  }

  /** For definitions; statements with values go through `run`, `get` and `iterate`, which keep them prepared. */
  exec(sql: string): void {
    this.#sqlite.exec(sql)
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#statement(sql).run(...values)
  }

  get(sql: string, ...values: SQLInputValue[]): Record<string, SQLOutputValue> | undefined {
    return this.#statement(sql).get(...values)
  }

  /** Rows as they are needed. A statement runs once at a time, so do not nest two of the same text. */
  iterate(sql: string, ...values: SQLInputValue[]): Iterable<Record<string, SQLOutputValue>> {
    return this.#statement(sql).iterate(...values)
  }

  function(name: string, implementation: (...values: SQLOutputValue[]) => SQLInputValue): void {
    this.#sqlite.function(name, { deterministic: true }, implementation)
  }

  /** All or nothing; a transaction inside another is part of it. Everything runs in one thread, so all writes are serial. */
  transaction<T>(work: () => T): T {
    if (this.#inTransaction) return work()
    this.#sqlite.exec('BEGIN IMMEDIATE')
    this.#inTransaction = true
    try {
      const result = work()
      this.#sqlite.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#sqlite.isTransaction) this.#sqlite.exec('ROLLBACK')
      throw error
    } finally {
      this.#inTransaction = false
    }
  }

  close(): void {
    this.#sqlite.close()
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#sqlite.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
