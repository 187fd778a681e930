import { path, statement } from './statement.ts'

const guid = 'uniqueidentifier'
const number = 'numeric(25, 0)'
const name = 'nvarchar(128)'

/** What RESTORE HEADERONLY answers with, from 2012 on; later releases add columns at the end (Microsoft, "RESTORE Statements - HEADERONLY"). */
const columns: [string, string, number?][] = [
  ['BackupName', name],
  ['BackupDescription', 'nvarchar(255)'],
  ['BackupType', 'smallint'],
  ['ExpirationDate', 'datetime'],
  ['Compressed', 'bit'],
  ['Position', 'smallint'],
  ['DeviceType', 'tinyint'],
  ['UserName', name],
  ['ServerName', name],
  ['DatabaseName', name],
  ['DatabaseVersion', 'int'],
  ['DatabaseCreationDate', 'datetime'],
  ['BackupSize', 'numeric(20, 0)'],
  ['FirstLSN', number],
  ['LastLSN', number],
  ['CheckpointLSN', number],
  ['DatabaseBackupLSN', number],
  ['BackupStartDate', 'datetime'],
  ['BackupFinishDate', 'datetime'],
  ['SortOrder', 'smallint'],
  ['CodePage', 'smallint'],
  ['UnicodeLocaleId', 'int'],
  ['UnicodeComparisonStyle', 'int'],
  ['CompatibilityLevel', 'tinyint'],
  ['SoftwareVendorId', 'int'],
  ['SoftwareVersionMajor', 'int'],
  ['SoftwareVersionMinor', 'int'],
  ['SoftwareVersionBuild', 'int'],
  ['MachineName', name],
  ['Flags', 'int'],
  ['BindingID', guid],
  ['RecoveryForkID', guid],
  ['Collation', name],
  ['FamilyGUID', guid],
  ['HasBulkLoggedData', 'bit'],
  ['IsSnapshot', 'bit'],
  ['IsReadOnly', 'bit'],
  ['IsSingleUser', 'bit'],
  ['HasBackupChecksums', 'bit'],
  ['IsDamaged', 'bit'],
  ['BeginsLogChain', 'bit'],
  ['HasIncompleteMetaData', 'bit'],
  ['IsForceOffline', 'bit'],
  ['IsCopyOnly', 'bit'],
  ['FirstRecoveryForkID', guid],
  ['ForkPointLSN', number],
  ['RecoveryModel', 'nvarchar(60)'],
  ['DifferentialBaseLSN', number],
  ['DifferentialBaseGUID', guid],
  ['BackupTypeDescription', 'nvarchar(60)'],
  ['BackupSetGUID', guid],
  ['CompressedBackupSize', 'bigint'],
  ['Containment', 'tinyint'],
  ['KeyAlgorithm', 'nvarchar(32)', 12],
  ['EncryptorThumbprint', 'varbinary(20)', 12],
  ['EncryptorType', 'nvarchar(32)', 12],
  ['LastValidRestoreTime', 'datetime', 16],
  ['TimeZone', 'nvarchar(32)', 16],
  ['CompressionAlgorithm', 'nvarchar(32)', 16],
]

/** The header of a file with its LSNs as text, which RESTORE HEADERONLY alone cannot give: the driver makes numbers of them. @param major of the server */
export const headerHistory = (major: number, file: string) => {
  const known = columns.filter(([, , from = 0]) => from <= major).map(([column, type]) => `${column} ${type} NULL`)
  return statement(
    `
CREATE TABLE #header (${known.join(', ')});
INSERT INTO #header EXEC sp_executesql N'RESTORE HEADERONLY FROM DISK = @file', N'@file nvarchar(260)', @file = @file;
SELECT CONVERT(char(36), BackupSetGUID) AS set_guid, BackupType, IsCopyOnly AS is_copy_only, IsDamaged AS is_damaged,
HasBackupChecksums AS has_backup_checksums, HasBulkLoggedData AS has_bulk_logged_data, RecoveryModel AS recovery_model,
CONVERT(varchar(30), FirstLSN) AS first_lsn, CONVERT(varchar(30), LastLSN) AS last_lsn,
CONVERT(char(36), DifferentialBaseGUID) AS differential_base_guid,
CONVERT(char(36), FirstRecoveryForkID) AS first_fork, CONVERT(char(36), RecoveryForkID) AS last_fork,
CONVERT(varchar(30), ForkPointLSN) AS fork_point,
CONVERT(char(36), FamilyGUID) AS family_guid, CONVERT(char(36), BindingID) AS database_guid,
CONVERT(varchar(33), BackupStartDate, 126) AS started, CONVERT(varchar(33), BackupFinishDate, 126) AS finished
FROM #header;
DROP TABLE #header
`,
    { file: path(file) },
  )
}
