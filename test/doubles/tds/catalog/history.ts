import type { BackupFile } from '../model/backup-set.ts'
import { firstFork, forkPoint, type HistoryRow, lastFork } from '../model/backup-set.ts'
import { columnsOf, type Table, table } from '../query/table.ts'
import {
  bit,
  char,
  datetime,
  int,
  lsnType,
  numeric,
  nvarchar,
  smallint,
  tinyint,
  uniqueidentifier,
  varbinary,
} from '../query/types.ts'
import type { Asker } from './visitor.ts'

/** Source: Microsoft, "backupset (Transact-SQL)". */
const setColumns = columnsOf<HistoryRow>([
  ['backup_set_id', int, ({ id }) => id],
  ['backup_set_uuid', uniqueidentifier, ({ set }) => set.uuid.toUpperCase()],
  ['media_set_id', int, ({ mediaSetId }) => mediaSetId],
  ['position', int, ({ position }) => position],
  ['expiration_date', datetime, () => null],
  ['software_vendor_id', int, () => 4608],
  ['name', nvarchar(128), ({ set }) => set.name],
  ['description', nvarchar(255), ({ set }) => set.description],
  ['user_name', nvarchar(128), ({ set }) => set.userName],
  ['software_major_version', tinyint, ({ set }) => set.versionMajor],
  ['software_minor_version', tinyint, ({ set }) => set.versionMinor],
  ['software_build_version', smallint, ({ set }) => set.versionBuild],
  ['time_zone', smallint, ({ set }) => set.timeZone],
  ['first_lsn', lsnType, ({ set }) => set.firstLsn],
  ['last_lsn', lsnType, ({ set }) => set.lastLsn],
  ['checkpoint_lsn', lsnType, ({ set }) => set.checkpointLsn],
  ['database_backup_lsn', lsnType, ({ set }) => set.databaseBackupLsn],
  ['database_creation_date', datetime, ({ set }) => set.databaseCreateDate],
  ['backup_start_date', datetime, ({ set }) => set.startedAt],
  ['backup_finish_date', datetime, ({ set }) => set.finishedAt],
  ['type', char(1), ({ set }) => set.type],
  ['compatibility_level', tinyint, ({ set }) => set.compatibility],
  ['backup_size', numeric(20), ({ set }) => BigInt(set.backupSize)],
  ['compressed_backup_size', numeric(20), ({ set }) => BigInt(set.compressedSize)],
  ['database_name', nvarchar(128), ({ set }) => set.databaseName],
  ['server_name', nvarchar(128), ({ set }) => set.serverName],
  ['machine_name', nvarchar(128), ({ set }) => set.machineName],
  ['collation_name', nvarchar(128), () => 'SQL_Latin1_General_CP1_CI_AS'],
  ['is_password_protected', bit, () => 0],
  ['recovery_model', nvarchar(60), ({ set }) => set.recovery.replace('_', '-')],
  ['has_bulk_logged_data', bit, ({ set }) => Number(set.bulkLogged)],
  ['is_snapshot', bit, () => 0],
  ['is_readonly', bit, ({ set }) => Number(set.readOnly)],
  ['is_single_user', bit, ({ set }) => Number(set.singleUser)],
  ['has_backup_checksums', bit, ({ set }) => Number(set.checksums)],
  ['is_damaged', bit, ({ set }) => Number(set.damaged)],
  ['begins_log_chain', bit, ({ set }) => Number(set.beginsLogChain)],
  ['has_incomplete_metadata', bit, () => 0],
  ['is_force_offline', bit, ({ set }) => Number(set.tail)],
  ['is_copy_only', bit, ({ set }) => Number(set.copyOnly)],
  ['first_recovery_fork_guid', uniqueidentifier, ({ set }) => firstFork(set).guid.toUpperCase()],
  ['last_recovery_fork_guid', uniqueidentifier, ({ set }) => lastFork(set).guid.toUpperCase()],
  ['fork_point_lsn', lsnType, ({ set }) => forkPoint(set)],
  ['database_guid', uniqueidentifier, ({ set }) => set.databaseGuid.toUpperCase()],
  ['family_guid', uniqueidentifier, ({ set }) => set.familyGuid.toUpperCase()],
  ['differential_base_lsn', lsnType, ({ set }) => set.differentialBase?.lsn ?? null],
  ['differential_base_guid', uniqueidentifier, ({ set }) => set.differentialBase?.guid.toUpperCase() ?? null],
])

/** Encryption of the backup itself came with 2014. Source: Microsoft, "backupset (Transact-SQL)", key_algorithm. */
const encryptionColumns = columnsOf<HistoryRow>([
  ['key_algorithm', nvarchar(32), () => null],
  ['encryptor_thumbprint', varbinary(20), () => null],
  ['encryptor_type', nvarchar(32), () => null],
])

export function backupSets({ instance }: Asker): Table {
  const columns = instance.release.major >= 12 ? [...setColumns, ...encryptionColumns] : setColumns
  return table(columns, instance.history)
}

interface BackedUpFile {
  row: HistoryRow
  file: BackupFile
}

/** Source: Microsoft, "backupfile (Transact-SQL)". */
const fileColumns = columnsOf<BackedUpFile>([
  ['backup_set_id', int, ({ row }) => row.id],
  ['file_number', numeric(10), ({ file }) => BigInt(file.id)],
  ['file_type', char(1), ({ file }) => ({ ROWS: 'D', LOG: 'L', FILESTREAM: 'S' })[file.kind]],
  ['logical_name', nvarchar(128), ({ file }) => file.logicalName],
  ['physical_name', nvarchar(260), ({ file }) => file.physicalName],
  ['file_size', numeric(20), ({ file }) => BigInt(file.size)],
  ['backup_size', numeric(20), ({ file }) => BigInt(file.backupSize)],
  ['is_present', bit, () => 1],
])

export function backupFiles({ instance }: Asker): Table {
  const rows = instance.history.flatMap(row => row.set.files.map(file => ({ row, file })))
  return table(fileColumns, rows)
}

/** A file on a disk. Source: Microsoft, "backupmediafamily (Transact-SQL)", device_type. */
const disk = 2

const familyColumns = columnsOf<HistoryRow>([
  ['media_set_id', int, ({ mediaSetId }) => mediaSetId],
  ['family_sequence_number', tinyint, () => 1],
  ['media_count', tinyint, () => 1],
  ['logical_device_name', nvarchar(128), () => null],
  ['physical_device_name', nvarchar(260), ({ device }) => device],
  ['device_type', tinyint, () => disk],
  ['mirror', tinyint, () => 0],
])

export function mediaFamilies({ instance }: Asker): Table {
  return table(familyColumns, instance.history)
}

const mediaColumns = columnsOf<HistoryRow>([
  ['media_set_id', int, ({ mediaSetId }) => mediaSetId],
  ['media_uuid', uniqueidentifier, ({ set }) => set.mediaSetUuid.toUpperCase()],
  ['media_family_count', tinyint, () => 1],
  ['name', nvarchar(128), () => null],
  ['description', nvarchar(255), () => null],
  ['software_name', nvarchar(128), () => 'Microsoft SQL Server'],
  ['is_compressed', bit, ({ set }) => Number(set.compressed)],
])

export function mediaSets({ instance }: Asker): Table {
  return table(mediaColumns, instance.history)
}
