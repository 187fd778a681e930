import { existsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Database } from '../model/database.ts'
import { OraError } from '../ora.ts'

/**
 * ALTER DATABASE BACKUP CONTROLFILE TO 'path' [REUSE]
 *
 * @see SQL Language Reference, "ALTER DATABASE", controlfile_clauses
 */
export function backupControlFile(database: Database, path: string, reuse: boolean): void {
  requireMounted(database)
  requireCreatable(path, reuse)
  database.writeControlFile(path, true)
}

/**
 * ALTER DATABASE BACKUP CONTROLFILE TO TRACE: the statements that make a control file anew.
 *
 * @param path null for a file of the server's own choice
 */
export function traceControlFile(database: Database, path: string | null, reuse: boolean): void {
  requireMounted(database)
  if (path !== null) requireCreatable(path, reuse)
  writeFileSync(
    path ?? join(database.directory, 'diag', `${database.name.toLowerCase()}_ora_4711.trc`),
    script(database),
  )
}

function script(database: Database): string {
  const groups = database.logs.groups.map(
    ({ group, members }) => `  GROUP ${group} '${members[0]}'  SIZE ${database.logs.bytes / 1024}K BLOCKSIZE 512`,
  )
  const files = database.dataFiles.map(({ name }) => `  '${name}'`)
  const mode = database.archiveLog ? 'ARCHIVELOG' : 'NOARCHIVELOG'
  const create = (history: string) =>
    [
      'STARTUP NOMOUNT',
      `CREATE CONTROLFILE REUSE DATABASE "${database.name}" ${history}  ${mode}`,
      'LOGFILE',
      groups.join(',\n'),
      'DATAFILE',
      files.join(',\n'),
      'CHARACTER SET AL32UTF8',
      ';',
    ].join('\n')
  const temporary = database.tempFiles
    .map(({ name }) => `ALTER TABLESPACE TEMP ADD TEMPFILE '${name}' REUSE;`)
    .join('\n')
  return [
    '--     Set #1. NORESETLOGS case',
    create('NORESETLOGS'),
    'RECOVER DATABASE',
    'ALTER DATABASE OPEN;',
    temporary,
    '--     Set #2. RESETLOGS case',
    create('RESETLOGS'),
    'RECOVER DATABASE USING BACKUP CONTROLFILE',
    'ALTER DATABASE OPEN RESETLOGS;',
    temporary,
    '',
  ].join('\n')
}

function requireMounted({ status }: Database): void {
  if (status === 'STARTED') throw new OraError(1507, 'database not mounted')
}

function requireCreatable(path: string, reuse: boolean): void {
  const failed = (reason: string) => new OraError(1580, `error creating control backup file ${path}\n${reason}`)
  if (!existsSync(dirname(path)))
    throw failed(
      'ORA-27040: file create error, unable to create file\nLinux-x86_64 Error: 2: No such file or directory',
    )
  if (existsSync(path) && !reuse) throw failed('ORA-27038: created file already exists')
}
