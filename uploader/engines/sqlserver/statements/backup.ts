import type { SnapshotKind } from '../../../../shared/snapshot.ts'
import { name, path, type Statement, statement } from './statement.ts'

export interface BackupOptions {
  kind: SnapshotKind
  copyOnly: boolean
  compression: boolean
  /** More than 65536 bytes at a time: without it encrypted pages are not decrypted before they are compressed (before 2019 CU5). */
  largeTransfers: boolean
}

export interface BackupTarget {
  database: string
  /** As the server names the file. */
  file: string
  /** By which it is found in the history of the server. */
  set: string
  description: string
}

/** One backup set in a file of its own. */
export function backup(options: BackupOptions, target: BackupTarget): Statement {
  const { kind, copyOnly, compression, largeTransfers } = options
  const parts = [
    ...(kind === 'differential' ? ['DIFFERENTIAL'] : []),
    ...(copyOnly && kind === 'full' ? ['COPY_ONLY'] : []),
    'FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR',
    ...(compression ? ['COMPRESSION'] : []),
    ...(largeTransfers ? ['MAXTRANSFERSIZE = 131072'] : []),
    'STATS = 5, NAME = @setName, DESCRIPTION = @description',
  ]
  return statement(
    `BACKUP ${kind === 'log' ? 'LOG' : 'DATABASE'} @db TO DISK = @file
WITH ${parts.join(', ')}`,
    {
      db: name(target.database),
      file: path(target.file),
      setName: name(target.set),
      description: path(target.description),
    },
  )
}

/** What the server's history says of one backup set. LSNs as text. */
const history = `
SELECT TOP (1) CONVERT(char(36), backup_set_uuid) AS set_guid, type, is_copy_only, is_damaged, has_backup_checksums, has_bulk_logged_data,
recovery_model, time_zone,
CONVERT(varchar(30), first_lsn) AS first_lsn, CONVERT(varchar(30), last_lsn) AS last_lsn,
CONVERT(char(36), differential_base_guid) AS differential_base_guid,
CONVERT(char(36), first_recovery_fork_guid) AS first_fork, CONVERT(char(36), last_recovery_fork_guid) AS last_fork,
CONVERT(char(36), family_guid) AS family_guid, CONVERT(char(36), database_guid) AS database_guid,
CONVERT(varchar(33), backup_start_date, 126) AS started, CONVERT(varchar(33), backup_finish_date, 126) AS finished
FROM msdb.dbo.backupset WHERE database_name = @db AND name = @setName ORDER BY backup_set_id DESC`

export const historyOf = (database: string, set: string) =>
  statement(history, { db: name(database), setName: name(set) })

/**
 * Whether a file can be read to its end and its checksums hold; then three results: its header, the files of its database, and what the history says of it. In one
 * batch, because there may be a thousand files.
 */
export const examine = (file: string, database: string, set: string) =>
  statement(
    `
RESTORE VERIFYONLY FROM DISK = @file WITH CHECKSUM;
RESTORE HEADERONLY FROM DISK = @file;
RESTORE FILELISTONLY FROM DISK = @file;
${history.trim()}
`,
    { file: path(file), db: name(database), setName: name(set) },
  )

export const fileList = (file: string) => statement('RESTORE FILELISTONLY FROM DISK = @file', { file: path(file) })

/** Writes a small file where backups will be, and nothing of a chain: to see whether the server can. */
export const probe = (file: string) =>
  statement('BACKUP DATABASE model TO DISK = @file\nWITH COPY_ONLY, FORMAT, INIT, SKIP, CHECKSUM', { file: path(file) })
