SELECT CONVERT(nvarchar(128), SERVERPROPERTY('ServerName')) AS server_name,
  CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')) AS version,
  CONVERT(nvarchar(128), SERVERPROPERTY('Edition')) AS edition,
  CONVERT(int, SERVERPROPERTY('EngineEdition')) AS engine_edition,
  CONVERT(int, SERVERPROPERTY('IsHadrEnabled')) AS hadr,
  DATEPART(tz, SYSDATETIMEOFFSET()) AS utc_offset_min,
  CONVERT(varchar(33), SYSDATETIMEOFFSET(), 126) AS now,
  @@VERSION AS banner;

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
  ORDER BY d.database_id;

SELECT database_id, type, size, CONVERT(char(36), differential_base_guid) AS diff_base_guid
  FROM sys.master_files WHERE type IN (0, 2);

SELECT d.database_id, CASE r.role_desc WHEN 'PRIMARY' THEN 1 ELSE 0 END AS is_primary_replica
  FROM sys.databases d INNER JOIN sys.dm_hadr_availability_replica_states r ON r.replica_id = d.replica_id;

SELECT database_id, is_primary_replica
  FROM sys.dm_hadr_database_replica_states WHERE is_local = 1;

SELECT d.name AS database_name, c.name AS certificate_name, CONVERT(varchar(33), c.pvt_key_last_backup_date, 126) AS key_saved
  FROM sys.dm_database_encryption_keys k
  INNER JOIN sys.databases d ON d.database_id = k.database_id
  LEFT JOIN master.sys.certificates c ON c.thumbprint = k.encryptor_thumbprint;

SELECT session_id FROM sys.dm_exec_sessions WHERE program_name = @program AND session_id <> @@SPID;

SELECT percent_complete, wait_type, last_wait_type
  FROM sys.dm_exec_requests WHERE session_id = @session;

SELECT @@SPID AS session_id;

SELECT IS_SRVROLEMEMBER('sysadmin') AS sysadmin,
  HAS_PERMS_BY_NAME(NULL, NULL, 'CREATE ANY DATABASE') AS create_database,
  HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') AS server_state,
  HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DEFINITION') AS any_definition,
  HAS_PERMS_BY_NAME(NULL, NULL, 'ALTER ANY CREDENTIAL') AS any_credential,
  HAS_PERMS_BY_NAME('msdb.dbo.backupset', 'OBJECT', 'SELECT') AS history,
  HAS_PERMS_BY_NAME('msdb.dbo.backupfile', 'OBJECT', 'SELECT') AS history_files;

SELECT d.name, HAS_DBACCESS(d.name) AS has_access,
  HAS_PERMS_BY_NAME(QUOTENAME(d.name), 'DATABASE', 'BACKUP DATABASE') AS backup_database,
  HAS_PERMS_BY_NAME(QUOTENAME(d.name), 'DATABASE', 'BACKUP LOG') AS backup_log
  FROM sys.databases d
  WHERE d.state_desc = 'ONLINE' AND d.source_database_id IS NULL AND d.name <> 'tempdb';

SELECT service_account FROM sys.dm_server_services WHERE servicename LIKE 'SQL Server (%';

BACKUP DATABASE @db TO DISK = @file
  WITH FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO DISK = @file
  WITH FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, COMPRESSION, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO DISK = @file
  WITH FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, COMPRESSION, MAXTRANSFERSIZE = 131072, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO DISK = @file
  WITH COPY_ONLY, FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO DISK = @file
  WITH COPY_ONLY, FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, COMPRESSION, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO DISK = @file
  WITH COPY_ONLY, FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, COMPRESSION, MAXTRANSFERSIZE = 131072, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO DISK = @file
  WITH DIFFERENTIAL, FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO DISK = @file
  WITH DIFFERENTIAL, FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, COMPRESSION, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO DISK = @file
  WITH DIFFERENTIAL, FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, COMPRESSION, MAXTRANSFERSIZE = 131072, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP LOG @db TO DISK = @file
  WITH FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP LOG @db TO DISK = @file
  WITH FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, COMPRESSION, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP LOG @db TO DISK = @file
  WITH FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, COMPRESSION, MAXTRANSFERSIZE = 131072, STATS = 5, NAME = @setName, DESCRIPTION = @description;

SELECT TOP (1) CONVERT(char(36), backup_set_uuid) AS set_guid, type, is_copy_only, is_damaged, has_backup_checksums, has_bulk_logged_data,
  recovery_model, time_zone,
  CONVERT(varchar(30), first_lsn) AS first_lsn, CONVERT(varchar(30), last_lsn) AS last_lsn,
  CONVERT(char(36), differential_base_guid) AS differential_base_guid,
  CONVERT(char(36), first_recovery_fork_guid) AS first_fork, CONVERT(char(36), last_recovery_fork_guid) AS last_fork,
  CONVERT(varchar(30), fork_point_lsn) AS fork_point,
  CONVERT(char(36), family_guid) AS family_guid, CONVERT(char(36), database_guid) AS database_guid,
  CONVERT(varchar(33), backup_start_date, 126) AS started, CONVERT(varchar(33), backup_finish_date, 126) AS finished
  FROM msdb.dbo.backupset WHERE database_name = @db AND name = @setName ORDER BY backup_set_id DESC;

RESTORE VERIFYONLY FROM DISK = @file WITH CHECKSUM;
  RESTORE HEADERONLY FROM DISK = @file;
  RESTORE FILELISTONLY FROM DISK = @file;
  SELECT TOP (1) CONVERT(char(36), backup_set_uuid) AS set_guid, type, is_copy_only, is_damaged, has_backup_checksums, has_bulk_logged_data,
  recovery_model, time_zone,
  CONVERT(varchar(30), first_lsn) AS first_lsn, CONVERT(varchar(30), last_lsn) AS last_lsn,
  CONVERT(char(36), differential_base_guid) AS differential_base_guid,
  CONVERT(char(36), first_recovery_fork_guid) AS first_fork, CONVERT(char(36), last_recovery_fork_guid) AS last_fork,
  CONVERT(varchar(30), fork_point_lsn) AS fork_point,
  CONVERT(char(36), family_guid) AS family_guid, CONVERT(char(36), database_guid) AS database_guid,
  CONVERT(varchar(33), backup_start_date, 126) AS started, CONVERT(varchar(33), backup_finish_date, 126) AS finished
  FROM msdb.dbo.backupset WHERE database_name = @db AND name = @setName ORDER BY backup_set_id DESC;

RESTORE FILELISTONLY FROM DISK = @file;

RESTORE FILELISTONLY FROM DISK = @file, DISK = @file2;

BACKUP DATABASE model TO DISK = @file
  WITH COPY_ONLY, FORMAT, INIT, SKIP, CHECKSUM;

BACKUP DATABASE @db TO URL = @url1
  WITH FORMAT, CHECKSUM, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1, URL = @url2
  WITH FORMAT, CHECKSUM, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1
  WITH FORMAT, CHECKSUM, COMPRESSION, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1, URL = @url2
  WITH FORMAT, CHECKSUM, COMPRESSION, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1
  WITH FORMAT, CHECKSUM, COMPRESSION, MAXTRANSFERSIZE = 20971520, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1, URL = @url2
  WITH FORMAT, CHECKSUM, COMPRESSION, MAXTRANSFERSIZE = 20971520, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1
  WITH COPY_ONLY, FORMAT, CHECKSUM, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1, URL = @url2
  WITH COPY_ONLY, FORMAT, CHECKSUM, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1
  WITH COPY_ONLY, FORMAT, CHECKSUM, COMPRESSION, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1, URL = @url2
  WITH COPY_ONLY, FORMAT, CHECKSUM, COMPRESSION, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1
  WITH COPY_ONLY, FORMAT, CHECKSUM, COMPRESSION, MAXTRANSFERSIZE = 20971520, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1, URL = @url2
  WITH COPY_ONLY, FORMAT, CHECKSUM, COMPRESSION, MAXTRANSFERSIZE = 20971520, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1
  WITH DIFFERENTIAL, FORMAT, CHECKSUM, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1, URL = @url2
  WITH DIFFERENTIAL, FORMAT, CHECKSUM, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1
  WITH DIFFERENTIAL, FORMAT, CHECKSUM, COMPRESSION, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1, URL = @url2
  WITH DIFFERENTIAL, FORMAT, CHECKSUM, COMPRESSION, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1
  WITH DIFFERENTIAL, FORMAT, CHECKSUM, COMPRESSION, MAXTRANSFERSIZE = 20971520, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP DATABASE @db TO URL = @url1, URL = @url2
  WITH DIFFERENTIAL, FORMAT, CHECKSUM, COMPRESSION, MAXTRANSFERSIZE = 20971520, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP LOG @db TO URL = @url1
  WITH FORMAT, CHECKSUM, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP LOG @db TO URL = @url1
  WITH FORMAT, CHECKSUM, COMPRESSION, STATS = 5, NAME = @setName, DESCRIPTION = @description;

BACKUP LOG @db TO URL = @url1
  WITH FORMAT, CHECKSUM, COMPRESSION, MAXTRANSFERSIZE = 20971520, STATS = 5, NAME = @setName, DESCRIPTION = @description;

SELECT TOP (1) CONVERT(char(36), backup_set_uuid) AS set_guid, type, is_copy_only, is_damaged, has_backup_checksums, has_bulk_logged_data,
  recovery_model, time_zone,
  CONVERT(varchar(30), first_lsn) AS first_lsn, CONVERT(varchar(30), last_lsn) AS last_lsn,
  CONVERT(char(36), differential_base_guid) AS differential_base_guid,
  CONVERT(char(36), first_recovery_fork_guid) AS first_fork, CONVERT(char(36), last_recovery_fork_guid) AS last_fork,
  CONVERT(varchar(30), fork_point_lsn) AS fork_point,
  CONVERT(char(36), family_guid) AS family_guid, CONVERT(char(36), database_guid) AS database_guid,
  CONVERT(varchar(33), backup_start_date, 126) AS started, CONVERT(varchar(33), backup_finish_date, 126) AS finished
  FROM msdb.dbo.backupset WHERE database_name = @db AND name = @setName ORDER BY backup_set_id DESC;
  SELECT f.logical_name AS LogicalName, f.physical_name AS PhysicalName, f.file_type AS Type, CONVERT(varchar(30), f.file_size) AS Size
  FROM msdb.dbo.backupfile f INNER JOIN msdb.dbo.backupset s ON s.backup_set_id = f.backup_set_id
  WHERE s.database_name = @db AND s.name = @setName;

BACKUP DATABASE model TO URL = @url1
  WITH COPY_ONLY, FORMAT, CHECKSUM;

CREATE CREDENTIAL [s3://127.0.0.1:1/D]
  WITH IDENTITY = 'S3 Access Key', SECRET = N'A:S';

DROP CREDENTIAL [s3://127.0.0.1:1/D];

SELECT name FROM sys.credentials WHERE name LIKE @pattern;

CREATE TABLE #header (BackupName nvarchar(128) NULL, BackupDescription nvarchar(255) NULL, BackupType smallint NULL, ExpirationDate datetime NULL, Compressed bit NULL, Position smallint NULL, DeviceType tinyint NULL, UserName nvarchar(128) NULL, ServerName nvarchar(128) NULL, DatabaseName nvarchar(128) NULL, DatabaseVersion int NULL, DatabaseCreationDate datetime NULL, BackupSize numeric(20, 0) NULL, FirstLSN numeric(25, 0) NULL, LastLSN numeric(25, 0) NULL, CheckpointLSN numeric(25, 0) NULL, DatabaseBackupLSN numeric(25, 0) NULL, BackupStartDate datetime NULL, BackupFinishDate datetime NULL, SortOrder smallint NULL, CodePage smallint NULL, UnicodeLocaleId int NULL, UnicodeComparisonStyle int NULL, CompatibilityLevel tinyint NULL, SoftwareVendorId int NULL, SoftwareVersionMajor int NULL, SoftwareVersionMinor int NULL, SoftwareVersionBuild int NULL, MachineName nvarchar(128) NULL, Flags int NULL, BindingID uniqueidentifier NULL, RecoveryForkID uniqueidentifier NULL, Collation nvarchar(128) NULL, FamilyGUID uniqueidentifier NULL, HasBulkLoggedData bit NULL, IsSnapshot bit NULL, IsReadOnly bit NULL, IsSingleUser bit NULL, HasBackupChecksums bit NULL, IsDamaged bit NULL, BeginsLogChain bit NULL, HasIncompleteMetaData bit NULL, IsForceOffline bit NULL, IsCopyOnly bit NULL, FirstRecoveryForkID uniqueidentifier NULL, ForkPointLSN numeric(25, 0) NULL, RecoveryModel nvarchar(60) NULL, DifferentialBaseLSN numeric(25, 0) NULL, DifferentialBaseGUID uniqueidentifier NULL, BackupTypeDescription nvarchar(60) NULL, BackupSetGUID uniqueidentifier NULL, CompressedBackupSize bigint NULL, Containment tinyint NULL);
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
  DROP TABLE #header;

CREATE TABLE #header (BackupName nvarchar(128) NULL, BackupDescription nvarchar(255) NULL, BackupType smallint NULL, ExpirationDate datetime NULL, Compressed bit NULL, Position smallint NULL, DeviceType tinyint NULL, UserName nvarchar(128) NULL, ServerName nvarchar(128) NULL, DatabaseName nvarchar(128) NULL, DatabaseVersion int NULL, DatabaseCreationDate datetime NULL, BackupSize numeric(20, 0) NULL, FirstLSN numeric(25, 0) NULL, LastLSN numeric(25, 0) NULL, CheckpointLSN numeric(25, 0) NULL, DatabaseBackupLSN numeric(25, 0) NULL, BackupStartDate datetime NULL, BackupFinishDate datetime NULL, SortOrder smallint NULL, CodePage smallint NULL, UnicodeLocaleId int NULL, UnicodeComparisonStyle int NULL, CompatibilityLevel tinyint NULL, SoftwareVendorId int NULL, SoftwareVersionMajor int NULL, SoftwareVersionMinor int NULL, SoftwareVersionBuild int NULL, MachineName nvarchar(128) NULL, Flags int NULL, BindingID uniqueidentifier NULL, RecoveryForkID uniqueidentifier NULL, Collation nvarchar(128) NULL, FamilyGUID uniqueidentifier NULL, HasBulkLoggedData bit NULL, IsSnapshot bit NULL, IsReadOnly bit NULL, IsSingleUser bit NULL, HasBackupChecksums bit NULL, IsDamaged bit NULL, BeginsLogChain bit NULL, HasIncompleteMetaData bit NULL, IsForceOffline bit NULL, IsCopyOnly bit NULL, FirstRecoveryForkID uniqueidentifier NULL, ForkPointLSN numeric(25, 0) NULL, RecoveryModel nvarchar(60) NULL, DifferentialBaseLSN numeric(25, 0) NULL, DifferentialBaseGUID uniqueidentifier NULL, BackupTypeDescription nvarchar(60) NULL, BackupSetGUID uniqueidentifier NULL, CompressedBackupSize bigint NULL, Containment tinyint NULL, KeyAlgorithm nvarchar(32) NULL, EncryptorThumbprint varbinary(20) NULL, EncryptorType nvarchar(32) NULL);
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
  DROP TABLE #header;

CREATE TABLE #header (BackupName nvarchar(128) NULL, BackupDescription nvarchar(255) NULL, BackupType smallint NULL, ExpirationDate datetime NULL, Compressed bit NULL, Position smallint NULL, DeviceType tinyint NULL, UserName nvarchar(128) NULL, ServerName nvarchar(128) NULL, DatabaseName nvarchar(128) NULL, DatabaseVersion int NULL, DatabaseCreationDate datetime NULL, BackupSize numeric(20, 0) NULL, FirstLSN numeric(25, 0) NULL, LastLSN numeric(25, 0) NULL, CheckpointLSN numeric(25, 0) NULL, DatabaseBackupLSN numeric(25, 0) NULL, BackupStartDate datetime NULL, BackupFinishDate datetime NULL, SortOrder smallint NULL, CodePage smallint NULL, UnicodeLocaleId int NULL, UnicodeComparisonStyle int NULL, CompatibilityLevel tinyint NULL, SoftwareVendorId int NULL, SoftwareVersionMajor int NULL, SoftwareVersionMinor int NULL, SoftwareVersionBuild int NULL, MachineName nvarchar(128) NULL, Flags int NULL, BindingID uniqueidentifier NULL, RecoveryForkID uniqueidentifier NULL, Collation nvarchar(128) NULL, FamilyGUID uniqueidentifier NULL, HasBulkLoggedData bit NULL, IsSnapshot bit NULL, IsReadOnly bit NULL, IsSingleUser bit NULL, HasBackupChecksums bit NULL, IsDamaged bit NULL, BeginsLogChain bit NULL, HasIncompleteMetaData bit NULL, IsForceOffline bit NULL, IsCopyOnly bit NULL, FirstRecoveryForkID uniqueidentifier NULL, ForkPointLSN numeric(25, 0) NULL, RecoveryModel nvarchar(60) NULL, DifferentialBaseLSN numeric(25, 0) NULL, DifferentialBaseGUID uniqueidentifier NULL, BackupTypeDescription nvarchar(60) NULL, BackupSetGUID uniqueidentifier NULL, CompressedBackupSize bigint NULL, Containment tinyint NULL, KeyAlgorithm nvarchar(32) NULL, EncryptorThumbprint varbinary(20) NULL, EncryptorType nvarchar(32) NULL, LastValidRestoreTime datetime NULL, TimeZone nvarchar(32) NULL, CompressionAlgorithm nvarchar(32) NULL);
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
  DROP TABLE #header;

RESTORE DATABASE @db FROM DISK = @file
  WITH NORECOVERY, CHECKSUM, STATS = 5;

RESTORE DATABASE @db FROM DISK = @file
  WITH NORECOVERY, CHECKSUM, STATS = 5,
  MOVE N'L' TO N'P';

RESTORE DATABASE @db FROM DISK = @file
  WITH NORECOVERY, CHECKSUM, STATS = 5, REPLACE;

RESTORE DATABASE @db FROM DISK = @file
  WITH NORECOVERY, CHECKSUM, STATS = 5, REPLACE,
  MOVE N'L' TO N'P';

RESTORE DATABASE @db FROM DISK = @file, DISK = @file2
  WITH NORECOVERY, CHECKSUM, STATS = 5,
  MOVE N'L' TO N'P';

RESTORE LOG @db FROM DISK = @file, DISK = @file2
  WITH NORECOVERY, CHECKSUM, STATS = 5,
  MOVE N'L' TO N'P';

RESTORE LOG @db FROM DISK = @file
  WITH NORECOVERY, CHECKSUM, STATS = 5;

RESTORE LOG @db FROM DISK = @file
  WITH NORECOVERY, CHECKSUM, STATS = 5,
  MOVE N'L' TO N'P';

RESTORE LOG @db FROM DISK = @file
  WITH NORECOVERY, CHECKSUM, STATS = 5, STOPAT = @stopAt;

RESTORE LOG @db FROM DISK = @file
  WITH NORECOVERY, CHECKSUM, STATS = 5, STOPAT = @stopAt,
  MOVE N'L' TO N'P';

RESTORE DATABASE @db WITH RECOVERY;

SELECT state_desc, user_access_desc FROM sys.databases WHERE name = @db;

SELECT CONVERT(nvarchar(512), SERVERPROPERTY('InstanceDefaultDataPath')) AS data_path,
  CONVERT(nvarchar(512), SERVERPROPERTY('InstanceDefaultLogPath')) AS log_path,
  CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')) AS version;

ALTER DATABASE [D] SET SINGLE_USER WITH ROLLBACK IMMEDIATE;

ALTER DATABASE [D] SET MULTI_USER WITH ROLLBACK IMMEDIATE;

ALTER DATABASE [D] SET RESTRICTED_USER WITH ROLLBACK IMMEDIATE;

SELECT CONVERT(int, SERVERPROPERTY('IsIntegratedSecurityOnly')) AS windows_only;

SELECT name FROM sys.server_principals WHERE name = @user;

CREATE LOGIN [U] WITH PASSWORD = N'P';

GRANT CREATE ANY DATABASE, VIEW SERVER STATE, VIEW ANY DEFINITION TO [U];

USE [D]; CREATE USER [U] FOR LOGIN [U];

USE [D]; ALTER ROLE db_backupoperator ADD MEMBER [U];

USE msdb; GRANT SELECT ON dbo.backupset TO [U];

DECLARE @all nvarchar(max) = N''; SELECT @all = @all + N'USE ' + QUOTENAME(name) + N'; CREATE USER [U] FOR LOGIN [U]; ALTER ROLE db_backupoperator ADD MEMBER [U]; ' FROM sys.databases WHERE name <> 'tempdb' AND state_desc = 'ONLINE' AND source_database_id IS NULL AND is_read_only = 0; EXEC (@all);

USE [D]; DROP USER [U];

DROP LOGIN [U];
