import type { Database } from '../model/database.ts'
import type { DataFile, Tablespace } from '../model/nouns.ts'
import { OraError } from '../ora.ts'

/**
 * ALTER DATABASE BEGIN BACKUP. Files that are offline or read only are passed over.
 *
 * @param container whose files; the root's command is for all of them
 * @see SQL Language Reference, "ALTER DATABASE", BEGIN BACKUP; [reference 2.C, "Recovery of a crashed run"] for the numbers
 */
export function beginDatabaseBackup(database: Database, container: number): void {
  requireArchiveLog(database)
  const files = filesOf(database, container)
  for (const file of files) if (file.backup.active) throw alreadyInBackup(file)
  database.beginBackup(files.filter(file => !isOffline(file) && !database.standsStill(file)))
}

/** ALTER DATABASE END BACKUP, which a database that is mounted after a crash takes as well. */
export function endDatabaseBackup(database: Database, container: number): void {
  endBackupOf(database, filesOf(database, container))
}

/**
 * ALTER TABLESPACE ... BEGIN BACKUP.
 *
 * @see SQL Language Reference, "ALTER TABLESPACE", BEGIN BACKUP
 */
export function beginTablespaceBackup(database: Database, tablespace: Tablespace): void {
  requireOpen(database)
  requireArchiveLog(database)
  if (tablespace.readOnly)
    throw new OraError(1642, `begin backup not needed for read only tablespace '${tablespace.name}'`)
  const files = database.filesOf(tablespace)
  for (const file of files) {
    if (isOffline(file))
      throw new OraError(1128, `cannot start online backup - file ${file.number} is offline\n${named(file)}`)
    if (file.backup.active) throw alreadyInBackup(file)
  }
  database.beginBackup(files)
}

export function endTablespaceBackup(database: Database, tablespace: Tablespace): void {
  requireOpen(database)
  endBackupOf(database, database.filesOf(tablespace))
}

function endBackupOf(database: Database, files: DataFile[]): void {
  const active = files.filter(({ backup }) => backup.active)
  if (active.length === 0) throw new OraError(1142, 'cannot end online backup - none of the files are in backup')
  database.endBackup(active)
}

/** What a tablespace may not become while a file of it is in backup mode: offline or read only. */
export function requireNoBackup(database: Database, tablespace: Tablespace): void {
  const file = database.filesOf(tablespace).find(({ backup }) => backup.active)
  if (file)
    throw new OraError(1150, `cannot prevent writes - file ${file.number} has online backup set\n${named(file)}`)
}

/** SHUTDOWN NORMAL or IMMEDIATE. */
export function requireNoBackupForShutdown(database: Database): void {
  const file = database.dataFiles.find(({ backup }) => backup.active)
  if (file) throw new OraError(1149, `cannot shutdown - file ${file.number} has online backup set\n${named(file)}`)
}

/** ALTER DATABASE OPEN, after the instance has crashed. */
export function requireNoBackupForOpen(database: Database): void {
  const file = database.dataFiles.find(({ backup }) => backup.active)
  if (file)
    throw new OraError(
      10873,
      `file ${file.number} needs to be either taken out of backup mode or media recovered\n${named(file)}`,
    )
}

export function isOffline({ tablespace, needsRecovery }: DataFile): boolean {
  return tablespace.offline || needsRecovery
}

function filesOf(database: Database, container: number): DataFile[] {
  if (container <= 1) return database.dataFiles.filter(({ tablespace }) => tablespace.container !== 2)
  return database.dataFiles.filter(({ tablespace }) => tablespace.container === container)
}

function requireArchiveLog({ archiveLog }: Database): void {
  if (!archiveLog) throw new OraError(1123, 'cannot start online backup; media recovery not enabled')
}

export function requireOpen(database: Database): void {
  if (database.status !== 'OPEN') throw new OraError(1109, 'database not open')
}

function alreadyInBackup(file: DataFile): OraError {
  return new OraError(1146, `cannot start online backup - file ${file.number} is already in backup\n${named(file)}`)
}

export function named({ number, name }: Pick<DataFile, 'number' | 'name'>): string {
  return `ORA-01110: data file ${number}: '${name}'`
}
