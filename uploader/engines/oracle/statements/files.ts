import { quoteName, quoteText } from './quote.ts'
import { statement } from './statement.ts'

/** A name for a directory of the server, through which its files are read. */
export const createDirectory = (name: string, path: string) =>
  statement(`CREATE OR REPLACE DIRECTORY ${quoteName(name)} AS ${quoteText(path)}`)
export const dropDirectory = (name: string) => statement(`DROP DIRECTORY ${quoteName(name)}`)

/** Those that begin with a prefix of ours. */
export const directoriesLike = (prefix: string) =>
  statement(
    `
SELECT directory_name AS name FROM dba_directories WHERE directory_name LIKE :prefix ESCAPE '\\'
`,
    { prefix: `${prefix.replaceAll('_', '\\_')}%` },
  )

/** Archived logs that RMAN has put below a path. */
export const restoredLogs = (path: string) =>
  statement(
    `
SELECT thread# AS thread, TO_CHAR(sequence#) AS sequence, name FROM v$archived_log
WHERE registrar IN ('RMAN', 'SRMN') AND deleted = 'NO' AND SUBSTR(name, 1, LENGTH(:path)) = :path
`,
    { path },
  )

/** A file, to be read piece by piece, and its length. */
export const openFile = (directory: string, file: string) =>
  statement(
    `
SELECT BFILENAME(:directory, :file_name) AS handle, DBMS_LOB.GETLENGTH(BFILENAME(:directory, :file_name)) AS bytes FROM dual
`,
    { directory, file_name: file },
  )

/** A piece of a file as a temporary BLOB, which the client reads and frees. `source` counts from 1. */
export const loadPiece = (directory: string, file: string, source: number, amount: number) =>
  statement(
    `
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
END;
`,
    { directory, file_name: file, source, amount },
  )

/** Out of ASM, into a directory of the file system. */
export const copyFile = (from: { directory: string; file: string }, to: { directory: string; file: string }) =>
  statement(
    `
BEGIN
  DBMS_FILE_TRANSFER.COPY_FILE(:from_directory, :from_file, :to_directory, :to_file);
END;
`,
    { from_directory: from.directory, from_file: from.file, to_directory: to.directory, to_file: to.file },
  )

export const removeFile = (directory: string, file: string) =>
  statement('BEGIN UTL_FILE.FREMOVE(:directory, :file_name); END;', { directory, file_name: file })
