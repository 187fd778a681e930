import { statement } from './statement.ts'

/** 1, 0, or null where the server does not know the right. */
export const serverRights = statement(`
SELECT IS_SRVROLEMEMBER('sysadmin') AS sysadmin,
HAS_PERMS_BY_NAME(NULL, NULL, 'CREATE ANY DATABASE') AS create_database,
HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') AS server_state,
HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DEFINITION') AS any_definition,
HAS_PERMS_BY_NAME(NULL, NULL, 'ALTER ANY CREDENTIAL') AS any_credential,
HAS_PERMS_BY_NAME('msdb.dbo.backupset', 'OBJECT', 'SELECT') AS history,
HAS_PERMS_BY_NAME('msdb.dbo.backupfile', 'OBJECT', 'SELECT') AS history_files
`)

export const databaseRights = statement(`
SELECT d.name, HAS_DBACCESS(d.name) AS has_access,
HAS_PERMS_BY_NAME(QUOTENAME(d.name), 'DATABASE', 'BACKUP DATABASE') AS backup_database,
HAS_PERMS_BY_NAME(QUOTENAME(d.name), 'DATABASE', 'BACKUP LOG') AS backup_log
FROM sys.databases d
WHERE d.state_desc = 'ONLINE' AND d.source_database_id IS NULL AND d.name <> 'tempdb'
`)

/** The account that the server runs as, on Windows. */
export const serviceAccount = statement(`
SELECT service_account FROM sys.dm_server_services WHERE servicename LIKE 'SQL Server (%'
`)
