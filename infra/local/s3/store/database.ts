import { DatabaseSync } from 'node:sqlite'

/**
 * `version.latest` marks the newest version of each key. The bytes of a version are its pieces, files laid end to end: completing
 * an upload moves its parts' files over and copies nothing.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS bucket (
    name TEXT PRIMARY KEY, created INTEGER NOT NULL, versioning TEXT NOT NULL, locked INTEGER NOT NULL, cors TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS version (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL,
    latest INTEGER NOT NULL, marker INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified INTEGER NOT NULL,
    headers TEXT NOT NULL, checksum TEXT, mode TEXT, until INTEGER,
    UNIQUE (bucket, key, id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS history ON version (bucket, key, sequence DESC);
  CREATE INDEX IF NOT EXISTS current ON version (bucket, key) WHERE latest = 1;
  CREATE TABLE IF NOT EXISTS piece (
    version INTEGER NOT NULL REFERENCES version ON DELETE CASCADE, number INTEGER NOT NULL,
    file TEXT NOT NULL, size INTEGER NOT NULL,
    PRIMARY KEY (version, number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS upload (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, started INTEGER NOT NULL,
    headers TEXT NOT NULL, algorithm TEXT, mode TEXT, until INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS running ON upload (bucket, key, started, id);
  CREATE TABLE IF NOT EXISTS part (
    upload TEXT NOT NULL REFERENCES upload ON DELETE CASCADE, number INTEGER NOT NULL,
    file TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, checksum TEXT, modified INTEGER NOT NULL,
    PRIMARY KEY (upload, number)
  ) STRICT, WITHOUT ROWID;
`

/** Every committed transaction survives the death of the process, and that of the machine unless `durable` is false. */
export function openDatabase(path: string, durable: boolean): DatabaseSync {
  const database = new DatabaseSync(path)
  const synchronous = durable ? 'FULL' : 'OFF'
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA foreign_keys = ON`)
  database.exec(schema)
  return database
}

/** All or nothing. May be nested: the outermost call decides. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  if (database.isTransaction) return work()
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}
