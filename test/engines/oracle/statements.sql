SELECT dbid, name, db_unique_name AS unique_name, log_mode, open_mode, database_role AS role, platform_name AS platform,
  TO_CHAR(GREATEST(NVL(current_scn, 0), checkpoint_change#)) AS scn, TO_CHAR(resetlogs_change#) AS resetlogs_scn, cdb,
  TO_CHAR(SYSTIMESTAMP, 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM') AS now,
  SYS_CONTEXT('USERENV', 'CON_NAME') AS container
  FROM v$database;

SELECT instance_name, host_name, version, thread# AS thread, status FROM gv$instance ORDER BY thread#;

SELECT resetlogs_id FROM v$database_incarnation WHERE status = 'CURRENT';

SELECT con_id, dbid, name, open_mode FROM v$containers ORDER BY con_id;

SELECT file# AS file_number, ts# AS tablespace_number, con_id, name, status, enabled, bytes, block_size,
  TO_CHAR(creation_change#) AS creation_scn, TO_CHAR(checkpoint_change#) AS checkpoint_scn,
  TO_CHAR(unrecoverable_change#) AS unrecoverable_scn, TO_CHAR(creation_time, 'YYYY-MM-DD"T"HH24:MI:SS') AS creation_time
  FROM v$datafile ORDER BY file#;

SELECT file# AS file_number, name, TO_CHAR(checkpoint_change#) AS checkpoint_scn, TO_CHAR(last_change#) AS last_scn
  FROM v$datafile WHERE enabled = 'READ WRITE' AND status IN ('SYSTEM', 'ONLINE') ORDER BY file#;

SELECT ts# AS tablespace_number, con_id, name FROM v$tablespace;

SELECT t.file# AS file_number, t.con_id, t.name, t.bytes, t.ts# AS tablespace_number FROM v$tempfile t ORDER BY t.file#;

SELECT name FROM v$controlfile;

SELECT group# AS group_number, member FROM v$logfile ORDER BY group#, member;

SELECT thread# AS thread, enabled, TO_CHAR(GREATEST(NVL(enable_change#, 0), NVL(disable_change#, 0))) AS changed_scn
  FROM v$thread ORDER BY thread#;

SELECT name, value FROM v$parameter
  WHERE name IN ('spfile', 'log_archive_format', 'compatible', 'control_file_record_keep_time', 'remote_login_passwordfile');

SELECT wrl_parameter AS place, status FROM v$encryption_wallet WHERE status NOT IN ('NOT_AVAILABLE', 'CLOSED');

SELECT file# AS file_number FROM v$recover_file;

SELECT file# AS file_number, TO_CHAR(change#) AS scn FROM v$backup WHERE status = 'ACTIVE' ORDER BY file#;

SELECT thread# AS thread, TO_CHAR(sequence#) AS sequence, TO_CHAR(first_change#) AS first_scn
  FROM v$log WHERE status = 'CURRENT' ORDER BY thread#;

SELECT TO_CHAR(sequence#) AS sequence, resetlogs_id, dest_id AS destination, name, status, deleted, blocks, block_size,
  TO_CHAR(first_change#) AS first_scn, TO_CHAR(next_change#) AS next_scn,
  TO_CHAR(first_time, 'YYYY-MM-DD"T"HH24:MI:SS') AS first_time, TO_CHAR(next_time, 'YYYY-MM-DD"T"HH24:MI:SS') AS next_time
  FROM v$archived_log
  WHERE archived = 'YES' AND standby_dest = 'NO' AND thread# = :thread AND next_change# > TO_NUMBER(:behind)
  AND resetlogs_change# = (SELECT resetlogs_change# FROM v$database)
  ORDER BY sequence#, dest_id;

SELECT dest_name AS name, status, error, destination FROM v$archive_dest WHERE status <> 'INACTIVE';

SELECT privilege FROM session_privs;

ALTER DATABASE BEGIN BACKUP;

ALTER DATABASE END BACKUP;

ALTER TABLESPACE "N" BEGIN BACKUP;

ALTER TABLESPACE "N" END BACKUP;

ALTER SESSION SET CONTAINER = "N";

ALTER PLUGGABLE DATABASE "N" OPEN READ WRITE;

ALTER PLUGGABLE DATABASE "N" OPEN READ ONLY;

ALTER SYSTEM ARCHIVE LOG CURRENT;

ALTER DATABASE BACKUP CONTROLFILE TO 'P' REUSE;

ALTER DATABASE BACKUP CONTROLFILE TO TRACE AS 'P' REUSE;

CREATE PFILE = 'P' FROM SPFILE;

CREATE PFILE = 'P' FROM MEMORY;

SELECT sid, name, display_value AS value FROM v$spparameter WHERE isspecified = 'TRUE' ORDER BY name, ordinal;

CREATE OR REPLACE DIRECTORY "N" AS 'P';

DROP DIRECTORY "N";

SELECT directory_name AS name FROM dba_directories WHERE directory_name LIKE :prefix ESCAPE '\';

SELECT thread# AS thread, TO_CHAR(sequence#) AS sequence, name FROM v$archived_log
  WHERE registrar IN ('RMAN', 'SRMN') AND deleted = 'NO' AND SUBSTR(name, 1, LENGTH(:path)) = :path;

SELECT BFILENAME(:directory, :file_name) AS handle, DBMS_LOB.GETLENGTH(BFILENAME(:directory, :file_name)) AS bytes FROM dual;

DECLARE
  piece BLOB;
  f BFILE := BFILENAME(:directory, :file_name);
  target INTEGER := 1;
  source INTEGER := :source;
  BEGIN
  DBMS_LOB.CREATETEMPORARY(piece, FALSE);
  DBMS_LOB.FILEOPEN(f);
  DBMS_LOB.LOADBLOBFROMFILE(piece, f, :amount, target, source);
  DBMS_LOB.FILECLOSE(f);
  :piece := piece;
  END;;

BEGIN
  DBMS_FILE_TRANSFER.COPY_FILE(:from_directory, :from_file, :to_directory, :to_file);
  END;;

BEGIN UTL_FILE.FREMOVE(:directory, :file_name); END;;
