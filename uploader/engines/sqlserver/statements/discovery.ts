import { statement } from './statement.ts'

export const instance = statement(`
SELECT CONVERT(nvarchar(128), SERVERPROPERTY('ServerName')) AS server_name,
CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')) AS version,
CONVERT(nvarchar(128), SERVERPROPERTY('Edition')) AS edition,
CONVERT(int, SERVERPROPERTY('EngineEdition')) AS engine_edition,
CONVERT(int, SERVERPROPERTY('IsHadrEnabled')) AS hadr,
DATEPART(tz, SYSDATETIMEOFFSET()) AS utc_offset_min,
CONVERT(varchar(33), SYSDATETIMEOFFSET(), 126) AS now,
@@VERSION AS banner
`)

/** `last_log_backup_lsn` as text: the driver makes numbers of numeric, which lose digits. */
export const databases = statement(`
SELECT d.database_id, d.name, d.state_desc, d.recovery_model_desc, d.is_read_only, d.is_in_standby, d.source_database_id, d.is_encrypted,
HAS_DBACCESS(d.name) AS has_access,
CONVERT(char(36), r.database_guid) AS database_guid,
CONVERT(char(36), r.family_guid) AS family_guid,
CONVERT(char(36), r.recovery_fork_guid) AS recovery_fork_guid,
CONVERT(varchar(30), r.last_log_backup_lsn) AS last_log_backup_lsn,
m.mirroring_role_desc,
sys.fn_hadr_backup_is_preferred_replica(d.name) AS preferred_replica
FROM sys.databases d
LEFT JOIN sys.database_recovery_status r ON r.database_id = d.database_id
LEFT JOIN sys.database_mirroring m ON m.database_id = d.database_id
ORDER BY d.database_id
`)

/** Data files and FILESTREAM containers; `size` is in pages of 8 KiB. */
export const files = statement(`
SELECT database_id, type, size, CONVERT(char(36), differential_base_guid) AS diff_base_guid
FROM sys.master_files WHERE type IN (0, 2)
`)

/** Which databases of availability groups this server is the primary of. 2012 knows it of the group alone. */
export const replicas = (major: number) =>
  major > 11
    ? statement(`
SELECT database_id, is_primary_replica
FROM sys.dm_hadr_database_replica_states WHERE is_local = 1
`)
    : statement(`
SELECT d.database_id, CASE r.role_desc WHEN 'PRIMARY' THEN 1 ELSE 0 END AS is_primary_replica
FROM sys.databases d INNER JOIN sys.dm_hadr_availability_replica_states r ON r.replica_id = d.replica_id
`)

/** The certificates that databases are encrypted with, and when their private keys were last backed up. */
export const certificates = statement(`
SELECT d.name AS database_name, c.name AS certificate_name, CONVERT(varchar(33), c.pvt_key_last_backup_date, 126) AS key_saved
FROM sys.dm_database_encryption_keys k
INNER JOIN sys.databases d ON d.database_id = k.database_id
LEFT JOIN master.sys.certificates c ON c.thumbprint = k.encryptor_thumbprint
`)

/** Connections of an earlier run that the server has not let go of. */
export const stale = (programName: string) =>
  statement(
    `
SELECT session_id FROM sys.dm_exec_sessions WHERE program_name = @program AND session_id <> @@SPID
`,
    { program: { value: programName, length: 128 } },
  )

/** How far the backup of a connection is. */
export const progress = (session: number) =>
  statement(
    `
SELECT percent_complete, wait_type, last_wait_type
FROM sys.dm_exec_requests WHERE session_id = @session
`,
    { session: { value: session } },
  )

export const sessionId = statement('SELECT @@SPID AS session_id')
