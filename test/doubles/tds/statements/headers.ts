import type { StoredSet } from '../bak/media.ts'
import type { BackupFile } from '../model/backup-set.ts'
import { type BackupSet, firstFork, forkPoint, lastFork } from '../model/backup-set.ts'
import { type Column, columnsOf, type Result } from '../query/table.ts'
import {
  bigint,
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

/** Source: Microsoft, "RESTORE Statements - HEADERONLY (Transact-SQL)", BackupType and BackupTypeDescription. */
const types = { D: [1, 'Database'], L: [2, 'Transaction Log'], I: [5, 'Database Differential'] } as const

interface HeaderRow extends StoredSet {
  databaseVersion: number
}

function flags(set: BackupSet): number {
  return (set.bulkLogged ? 1 : 0) | (set.readOnly ? 8 : 0) | (set.singleUser ? 16 : 0) | (set.checksums ? 512 : 0)
}

const headerColumns = columnsOf<HeaderRow>([
  ['BackupName', nvarchar(128), ({ set }) => set.name],
  ['BackupDescription', nvarchar(255), ({ set }) => set.description],
  ['BackupType', smallint, ({ set }) => types[set.type][0]],
  ['ExpirationDate', datetime, () => null],
  ['Compressed', tinyint, ({ set }) => Number(set.compressed)],
  ['Position', smallint, ({ position }) => position],
  ['DeviceType', tinyint, () => 2],
  ['UserName', nvarchar(128), ({ set }) => set.userName],
  ['ServerName', nvarchar(128), ({ set }) => set.serverName],
  ['DatabaseName', nvarchar(128), ({ set }) => set.databaseName],
  ['DatabaseVersion', int, ({ databaseVersion }) => databaseVersion],
  ['DatabaseCreationDate', datetime, ({ set }) => set.databaseCreateDate],
  ['BackupSize', numeric(20), ({ set }) => BigInt(set.backupSize)],
  ['FirstLSN', lsnType, ({ set }) => set.firstLsn],
  ['LastLSN', lsnType, ({ set }) => set.lastLsn],
  ['CheckpointLSN', lsnType, ({ set }) => set.checkpointLsn],
  ['DatabaseBackupLSN', lsnType, ({ set }) => set.databaseBackupLsn],
  ['BackupStartDate', datetime, ({ set }) => set.startedAt],
  ['BackupFinishDate', datetime, ({ set }) => set.finishedAt],
  ['SortOrder', smallint, () => 52],
  ['CodePage', smallint, () => 0],
  ['UnicodeLocaleId', int, () => 1033],
  ['UnicodeComparisonStyle', int, () => 196609],
  ['CompatibilityLevel', tinyint, ({ set }) => set.compatibility],
  ['SoftwareVendorId', int, () => 4608],
  ['SoftwareVersionMajor', int, ({ set }) => set.versionMajor],
  ['SoftwareVersionMinor', int, ({ set }) => set.versionMinor],
  ['SoftwareVersionBuild', int, ({ set }) => set.versionBuild],
  ['MachineName', nvarchar(128), ({ set }) => set.machineName],
  ['Flags', int, ({ set }) => flags(set)],
  ['BindingID', uniqueidentifier, ({ set }) => set.databaseGuid.toUpperCase()],
  ['RecoveryForkID', uniqueidentifier, ({ set }) => lastFork(set).guid.toUpperCase()],
  ['Collation', nvarchar(128), () => 'SQL_Latin1_General_CP1_CI_AS'],
  ['FamilyGUID', uniqueidentifier, ({ set }) => set.familyGuid.toUpperCase()],
  ['HasBulkLoggedData', bit, ({ set }) => Number(set.bulkLogged)],
  ['IsSnapshot', bit, () => 0],
  ['IsReadOnly', bit, ({ set }) => Number(set.readOnly)],
  ['IsSingleUser', bit, ({ set }) => Number(set.singleUser)],
  ['HasBackupChecksums', bit, ({ set }) => Number(set.checksums)],
  ['IsDamaged', bit, ({ set }) => Number(set.damaged)],
  ['BeginsLogChain', bit, ({ set }) => Number(set.beginsLogChain)],
  ['HasIncompleteMetaData', bit, () => 0],
  ['IsForceOffline', bit, ({ set }) => Number(set.tail)],
  ['IsCopyOnly', bit, ({ set }) => Number(set.copyOnly)],
  ['FirstRecoveryForkID', uniqueidentifier, ({ set }) => firstFork(set).guid.toUpperCase()],
  ['ForkPointLSN', lsnType, ({ set }) => forkPoint(set)],
  ['RecoveryModel', nvarchar(60), ({ set }) => set.recovery.replace('_', '-')],
  ['DifferentialBaseLSN', lsnType, ({ set }) => set.differentialBase?.lsn ?? null],
  ['DifferentialBaseGUID', uniqueidentifier, ({ set }) => set.differentialBase?.guid.toUpperCase() ?? null],
  ['BackupTypeDescription', nvarchar(60), ({ set }) => types[set.type][1]],
  ['BackupSetGUID', uniqueidentifier, ({ set }) => set.uuid.toUpperCase()],
  ['CompressedBackupSize', bigint, ({ set }) => BigInt(set.compressedSize)],
  ['Containment', tinyint, ({ set }) => Number(set.containment)],
])

/** Which release brought which columns. Source: Microsoft, "RESTORE Statements - HEADERONLY (Transact-SQL)". */
const since2014 = columnsOf<HeaderRow>([
  ['KeyAlgorithm', nvarchar(32), () => null],
  ['EncryptorThumbprint', varbinary(20), () => null],
  ['EncryptorType', nvarchar(32), () => null],
])
const since2022 = columnsOf<HeaderRow>([
  ['LastValidRestoreTime', datetime, () => null],
  ['TimeZone', int, ({ set }) => set.timeZone],
  ['CompressionAlgorithm', nvarchar(32), ({ set }) => (set.compressed ? 'MS_XPRESS' : null)],
])

export function headers(sets: StoredSet[], major: number, databaseVersion: (major: number) => number): Result {
  const columns = [...headerColumns, ...(major >= 12 ? since2014 : []), ...(major >= 16 ? since2022 : [])]
  return resultOf(
    columns,
    sets.map(each => ({ ...each, databaseVersion: databaseVersion(each.set.versionMajor) })),
  )
}

interface FileRow {
  set: BackupSet
  file: BackupFile
}

const fileColumns = columnsOf<FileRow>([
  ['LogicalName', nvarchar(128), ({ file }) => file.logicalName],
  ['PhysicalName', nvarchar(260), ({ file }) => file.physicalName],
  ['Type', char(1), ({ file }) => ({ ROWS: 'D', LOG: 'L', FILESTREAM: 'S' })[file.kind]],
  ['FileGroupName', nvarchar(128), ({ file }) => (file.kind === 'LOG' ? null : 'PRIMARY')],
  ['Size', numeric(20), ({ file }) => BigInt(file.size)],
  ['MaxSize', numeric(20), () => 35_184_372_080_640n],
  ['FileID', bigint, ({ file }) => BigInt(file.id)],
  ['CreateLSN', lsnType, () => 0n],
  ['DropLSN', lsnType, () => 0n],
  ['UniqueID', uniqueidentifier, ({ set }) => set.databaseGuid.toUpperCase()],
  ['ReadOnlyLSN', lsnType, () => 0n],
  ['ReadWriteLSN', lsnType, () => 0n],
  ['BackupSizeInBytes', bigint, ({ file }) => BigInt(file.backupSize)],
  ['SourceBlockSize', int, () => 512],
  ['FileGroupID', int, ({ file }) => Number(file.kind !== 'LOG')],
  ['LogGroupGUID', uniqueidentifier, () => null],
  ['DifferentialBaseLSN', lsnType, ({ set }) => set.differentialBase?.lsn ?? 0n],
  ['DifferentialBaseGUID', uniqueidentifier, ({ set }) => set.differentialBase?.guid.toUpperCase() ?? null],
  ['IsReadOnly', bit, ({ set }) => Number(set.readOnly)],
  ['IsPresent', bit, () => 1],
  [
    'TDEThumbprint',
    varbinary(32),
    ({ set }) => (set.encryptorThumbprint === null ? null : Buffer.from(set.encryptorThumbprint, 'hex')),
  ],
])
const since2016 = columnsOf<FileRow>([['SnapshotUrl', nvarchar(360), () => null]])

/** Source: Microsoft, "RESTORE Statements - FILELISTONLY (Transact-SQL)". */
export function fileList(set: BackupSet, major: number): Result {
  return resultOf(
    [...fileColumns, ...(major >= 13 ? since2016 : [])],
    set.files.map(file => ({ set, file })),
  )
}

interface LabelRow {
  name: string
  set: BackupSet
}

/** Source: Microsoft, "RESTORE Statements - LABELONLY (Transact-SQL)". */
const labelColumns = columnsOf<LabelRow>([
  ['MediaName', nvarchar(128), ({ name }) => name || null],
  ['MediaSetId', uniqueidentifier, ({ set }) => set.mediaSetUuid.toUpperCase()],
  ['FamilyCount', int, () => 1],
  ['FamilySequenceNumber', int, () => 1],
  ['MediaFamilyId', uniqueidentifier, ({ set }) => set.mediaSetUuid.toUpperCase()],
  ['MediaSequenceNumber', int, () => 1],
  ['MediaLabelPresent', tinyint, () => 0],
  ['MediaDescription', nvarchar(255), () => null],
  ['SoftwareName', nvarchar(128), () => 'Microsoft SQL Server'],
  ['SoftwareVendorId', int, () => 4608],
  ['MediaDate', datetime, ({ set }) => set.startedAt],
  ['Mirror_Count', int, () => 1],
  ['IsCompressed', bit, ({ set }) => Number(set.compressed)],
])

export function label(name: string, set: BackupSet): Result {
  return resultOf(labelColumns, [{ name, set }])
}

function resultOf<Row>(columns: Column<Row>[], rows: Row[]): Result {
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: rows.map(row => columns.map(column => column.value(row))),
  }
}
