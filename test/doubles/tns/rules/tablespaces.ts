import type { Database } from '../model/database.ts'
import type { Tablespace } from '../model/nouns.ts'
import { OraError } from '../ora.ts'
import { requireNoBackup, requireOpen } from './backup-mode.ts'

/** @throws OraError 959 */
export function findTablespace(database: Database, name: string, container: number): Tablespace {
  const tablespace = database.tablespace(name, container)
  if (!tablespace) throw new OraError(959, `tablespace '${name}' does not exist`)
  return tablespace
}

/**
 * ALTER TABLESPACE ... READ ONLY: its files are checkpointed once more, then stand still.
 *
 * @see SQL Language Reference, "ALTER TABLESPACE"
 */
export function makeReadOnly(database: Database, tablespace: Tablespace): void {
  requireOpen(database)
  requireNoBackup(database, tablespace)
  settle(database, tablespace)
  tablespace.readOnly = true
  settle(database, tablespace)
}

export function makeReadWrite(database: Database, tablespace: Tablespace): void {
  requireOpen(database)
  tablespace.readOnly = false
  settle(database, tablespace)
}

export function takeOffline(database: Database, tablespace: Tablespace): void {
  requireOpen(database)
  if (tablespace.name === 'SYSTEM')
    throw new OraError(1541, 'system tablespace cannot be brought offline; shut down if necessary')
  requireNoBackup(database, tablespace)
  settle(database, tablespace)
  tablespace.offline = true
  settle(database, tablespace)
}

export function takeOnline(database: Database, tablespace: Tablespace): void {
  requireOpen(database)
  tablespace.offline = false
  settle(database, tablespace)
}

function settle(database: Database, tablespace: Tablespace): void {
  const scn = database.nextScn()
  for (const file of database.filesOf(tablespace)) database.checkpointFile(file, scn)
  database.saveControlFiles()
}
