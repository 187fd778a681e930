import { statement } from './statement.ts'

/** `scn`: up to where it is written; of one that is not open, where it was closed. `now` is the clock of the server's system, with its offset: what its views and RECOVER UNTIL TIME mean as well. */
export const database = statement(`
SELECT dbid, name, db_unique_name AS unique_name, log_mode, open_mode, database_role AS role, platform_name AS platform,
TO_CHAR(GREATEST(NVL(current_scn, 0), checkpoint_change#)) AS scn, TO_CHAR(resetlogs_change#) AS resetlogs_scn, cdb,
TO_CHAR(SYSTIMESTAMP, 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM') AS now,
SYS_CONTEXT('USERENV', 'CON_NAME') AS container
FROM v$database
`)

export const instances = statement(`
SELECT instance_name, host_name, version, thread# AS thread, status FROM gv$instance ORDER BY thread#
`)

export const incarnation = statement(`
SELECT resetlogs_id FROM v$database_incarnation WHERE status = 'CURRENT'
`)

export const containers = statement('SELECT con_id, dbid, name, open_mode FROM v$containers ORDER BY con_id')

export const dataFiles = statement(`
SELECT file# AS file_number, ts# AS tablespace_number, con_id, name, status, enabled, bytes, block_size,
TO_CHAR(creation_change#) AS creation_scn, TO_CHAR(checkpoint_change#) AS checkpoint_scn,
TO_CHAR(unrecoverable_change#) AS unrecoverable_scn, TO_CHAR(creation_time, 'YYYY-MM-DD"T"HH24:MI:SS') AS creation_time
FROM v$datafile ORDER BY file#
`)

/** Files that are written to while the database is open: where each ends, which is null unless it was closed cleanly. */
export const closedFiles = statement(`
SELECT file# AS file_number, name, TO_CHAR(checkpoint_change#) AS checkpoint_scn, TO_CHAR(last_change#) AS last_scn
FROM v$datafile WHERE enabled = 'READ WRITE' AND status IN ('SYSTEM', 'ONLINE') ORDER BY file#
`)

export const tablespaces = statement('SELECT ts# AS tablespace_number, con_id, name FROM v$tablespace')

/** Recorded for whoever restores; never copied. */
export const tempFiles = statement(`
SELECT t.file# AS file_number, t.con_id, t.name, t.bytes, t.ts# AS tablespace_number FROM v$tempfile t ORDER BY t.file#
`)
export const controlFiles = statement('SELECT name FROM v$controlfile')
export const redoFiles = statement('SELECT group# AS group_number, member FROM v$logfile ORDER BY group#, member')

/** `changed_scn`: when a thread was last enabled or disabled. */
export const threads = statement(`
SELECT thread# AS thread, enabled, TO_CHAR(GREATEST(NVL(enable_change#, 0), NVL(disable_change#, 0))) AS changed_scn
FROM v$thread ORDER BY thread#
`)

export const parameters = statement(`
SELECT name, value FROM v$parameter
WHERE name IN ('spfile', 'log_archive_format', 'compatible', 'control_file_record_keep_time', 'remote_login_passwordfile')
`)

export const wallets = statement(`
SELECT wrl_parameter AS place, status FROM v$encryption_wallet WHERE status NOT IN ('NOT_AVAILABLE', 'CLOSED')
`)

/** Files that cannot be brought online without recovery. */
export const filesToRecover = statement('SELECT file# AS file_number FROM v$recover_file')

export const backupMode = statement(`
SELECT file# AS file_number, TO_CHAR(change#) AS scn FROM v$backup WHERE status = 'ACTIVE' ORDER BY file#
`)

/** Where each thread is writing. */
export const currentLogs = statement(`
SELECT thread# AS thread, TO_CHAR(sequence#) AS sequence, TO_CHAR(first_change#) AS first_scn
FROM v$log WHERE status = 'CURRENT' ORDER BY thread#
`)

/** One row for each copy of each log of the present incarnation that ends behind an SCN. */
export const archivedLogs = (thread: number, behind: string) =>
  statement(
    `
SELECT TO_CHAR(sequence#) AS sequence, resetlogs_id, dest_id AS destination, name, status, deleted, blocks, block_size,
TO_CHAR(first_change#) AS first_scn, TO_CHAR(next_change#) AS next_scn,
TO_CHAR(first_time, 'YYYY-MM-DD"T"HH24:MI:SS') AS first_time, TO_CHAR(next_time, 'YYYY-MM-DD"T"HH24:MI:SS') AS next_time
FROM v$archived_log
WHERE archived = 'YES' AND standby_dest = 'NO' AND thread# = :thread AND next_change# > TO_NUMBER(:behind)
AND resetlogs_change# = (SELECT resetlogs_change# FROM v$database)
ORDER BY sequence#, dest_id
`,
    { thread, behind },
  )

export const archiveDestinations = statement(`
SELECT dest_name AS name, status, error, destination FROM v$archive_dest WHERE status <> 'INACTIVE'
`)
