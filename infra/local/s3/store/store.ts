import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Buckets } from './buckets.ts'
import { openDatabase, transaction } from './database.ts'
import { Files } from './files.ts'
import { Uploads } from './uploads.ts'
import { Versions } from './versions.ts'

/** All state of the stand-in: small things in one database, bytes in files. */
export interface Store {
  buckets: Buckets
  versions: Versions
  uploads: Uploads
  files: Files
  /** Everything that `work` writes to the database happens, or nothing does. */
  atomically<T>(work: () => T): T
  close(): void
}

/** Opens what is there, also after the process was killed in the middle of anything. */
export async function openStore(directory: string, durable = true): Promise<Store> {
  await mkdir(directory, { recursive: true })
  const files = await Files.open(join(directory, 'data'))
  const database = openDatabase(join(directory, 's3.sqlite'), durable)
  const referred = database.prepare('SELECT file FROM piece UNION SELECT file FROM part').all()
  const known = new Set(referred.map(row => row.file as string))
  await files.sweep(file => known.has(file))
  return {
    buckets: new Buckets(database),
    versions: new Versions(database),
    uploads: new Uploads(database),
    files,
    atomically: work => transaction(database, work),
    close: () => database.close(),
  }
}
