import type { SnapshotKind } from '../../../../shared/snapshot.ts'
import { fromDisks } from './from-disks.ts'
import { name, path, type Statement, statement } from './statement.ts'

export interface BackupOptions {
  kind: SnapshotKind
  copyOnly: boolean
  compression: boolean
  /** More than 65536 bytes at a time: without it encrypted pages are not decrypted before they are compressed (before 2019 CU5). */
  largeTransfers: boolean
}

/**
 * A file, as the server names it; or URLs of S3 that share the backup between them, with the size of their parts in bytes where it is not the server's own, which
 * takes COMPRESSION.
 */
export type BackupDevice = { disk: string } | { urls: readonly string[]; partSize: number | undefined }

export interface BackupTarget {
  database: string
  to: BackupDevice
  /** By which it is found in the history of the server. */
  set: string
  description: string
}

/** One backup set on media of its own. */
export function backup(options: BackupOptions, target: BackupTarget): Statement {
  const { kind, copyOnly, compression, largeTransfers } = options
  const { to } = target
  const transfer = 'urls' in to ? to.partSize : largeTransfers ? 131_072 : undefined
  const parts = [
    ...(kind === 'differential' ? ['DIFFERENTIAL'] : []),
    ...(copyOnly && kind === 'full' ? ['COPY_ONLY'] : []),
    // INIT is not known for S3, and FORMAT is enough.
    'urls' in to ? 'FORMAT, CHECKSUM' : 'FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR',
    ...(compression ? ['COMPRESSION'] : []),
    ...(compression && transfer !== undefined ? [`MAXTRANSFERSIZE = ${transfer}`] : []),
    'STATS = 5, NAME = @setName, DESCRIPTION = @description',
  ]
  const devices = devicesOf(to)
  return statement(
    `BACKUP ${kind === 'log' ? 'LOG' : 'DATABASE'} @db TO ${devices.text}
WITH ${parts.join(', ')}`,
    {
      db: name(target.database),
      ...devices.inputs,
      setName: name(target.set),
      description: path(target.description),
    },
  )
}

function devicesOf(to: BackupDevice): Statement {
  if ('disk' in to) return { text: 'DISK = @file', inputs: { file: path(to.disk) } }
  return {
    text: to.urls.map((_, i) => `URL = @url${i + 1}`).join(', '),
    inputs: Object.fromEntries(to.urls.map((url, i) => [`url${i + 1}`, path(url)])),
  }
}

/** What the server's history says of one backup set. LSNs as text. */
const history = `
SELECT TOP (1) CONVERT(char(36), backup_set_uuid) AS set_guid, type, is_copy_only, is_damaged, has_backup_checksums, has_bulk_logged_data,
recovery_model, time_zone,
CONVERT(varchar(30), first_lsn) AS first_lsn, CONVERT(varchar(30), last_lsn) AS last_lsn,
CONVERT(char(36), differential_base_guid) AS differential_base_guid,
CONVERT(char(36), first_recovery_fork_guid) AS first_fork, CONVERT(char(36), last_recovery_fork_guid) AS last_fork,
CONVERT(varchar(30), fork_point_lsn) AS fork_point,
CONVERT(char(36), family_guid) AS family_guid, CONVERT(char(36), database_guid) AS database_guid,
CONVERT(varchar(33), backup_start_date, 126) AS started, CONVERT(varchar(33), backup_finish_date, 126) AS finished
FROM msdb.dbo.backupset WHERE database_name = @db AND name = @setName ORDER BY backup_set_id DESC`

export const historyOf = (database: string, set: string) =>
  statement(history, { db: name(database), setName: name(set) })

/** What the history says of a backup set, and then of the files of its database, named as RESTORE FILELISTONLY names them. */
export const historyAndFilesOf = (database: string, set: string) =>
  statement(
    `
${history.trim()};
SELECT f.logical_name AS LogicalName, f.physical_name AS PhysicalName, f.file_type AS Type, CONVERT(varchar(30), f.file_size) AS Size
FROM msdb.dbo.backupfile f INNER JOIN msdb.dbo.backupset s ON s.backup_set_id = f.backup_set_id
WHERE s.database_name = @db AND s.name = @setName
`,
    { db: name(database), setName: name(set) },
  )

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

/** @param disks the files of one backup */
export const fileList = (disks: readonly string[]) => {
  const { text, inputs } = fromDisks(disks)
  return statement(`RESTORE FILELISTONLY FROM ${text}`, inputs)
}

/** Writes a small backup where others will be, and nothing of a chain: to see whether the server can. */
export const probe = (to: BackupDevice) => {
  const { text, inputs } = devicesOf(to)
  const media = 'disk' in to ? 'FORMAT, INIT, SKIP' : 'FORMAT'
  return statement(`BACKUP DATABASE model TO ${text}\nWITH COPY_ONLY, ${media}, CHECKSUM`, inputs)
}
