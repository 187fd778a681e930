/** One message of SQL Server: an error when its severity is above 10, otherwise a note. */
export interface Message {
  number: number
  severity: number
  state: number
  text: string
}

/**
 * Severity and text of the messages that the double sends; `%s` stands for a value.
 * Source: Microsoft, "Database Engine events and errors" (the pages of each thousand).
 */
const texts = {
  102: [15, "Incorrect syntax near '%s'."],
  105: [15, "Unclosed quotation mark after the character string '%s'."],
  104: [
    15,
    'ORDER BY items must appear in the select list if the statement contains a UNION, INTERSECT or EXCEPT operator.',
  ],
  107: [15, "The column prefix '%s' does not match with a table name or alias name used in the query."],
  108: [15, 'The ORDER BY position number %s is out of range of the number of items in the select list.'],
  113: [15, "Missing end comment mark '*/'."],
  116: [16, 'Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.'],
  134: [
    15,
    "The variable name '%s' has already been declared. Variable names must be unique within a query batch or stored procedure.",
  ],
  137: [15, 'Must declare the scalar variable "%s".'],
  147: [
    15,
    'An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING clause or a select list, and the column being aggregated is an outer reference.',
  ],
  141: [
    15,
    'A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.',
  ],
  155: [15, "'%s' is not a recognized %s option."],
  174: [15, 'The %s function requires %s argument(s).'],
  195: [15, "'%s' is not a recognized %s."],
  201: [16, "Procedure or function '%s' expects parameter '%s', which was not supplied."],
  207: [16, "Invalid column name '%s'."],
  208: [16, "Invalid object name '%s'."],
  209: [16, "Ambiguous column name '%s'."],
  213: [16, 'Column name or number of supplied values does not match table definition.'],
  229: [14, "The %s permission was denied on the object '%s', database '%s', schema '%s'."],
  241: [16, 'Conversion failed when converting date and/or time from character string.'],
  243: [16, 'Type %s is not a defined system type.'],
  245: [16, "Conversion failed when converting the %s value '%s' to data type %s."],
  262: [14, "%s permission denied in database '%s'."],
  263: [16, 'Must specify table to select from.'],
  297: [16, 'The user does not have permission to perform this action.'],
  300: [14, "%s permission was denied on object 'server', database 'master'."],
  402: [16, 'The data types %s and %s are incompatible in the operator.'],
  512: [
    16,
    'Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= or when the subquery is used as an expression.',
  ],
  911: [16, "Database '%s' does not exist. Make sure that the name is entered correctly."],
  916: [14, 'The server principal "%s" is not able to access the database "%s" under the current security context.'],
  924: [14, "Database '%s' is already open and can only have one user at a time."],
  926: [
    14,
    "Database '%s' cannot be opened. It has been marked SUSPECT by recovery. See the SQL Server errorlog for more information.",
  ],
  927: [14, "Database '%s' cannot be opened. It is in the middle of a restore."],
  942: [14, "Database '%s' cannot be opened because it is offline."],
  945: [
    14,
    "Database '%s' cannot be opened due to inaccessible files or insufficient memory or disk space. See the SQL Server errorlog for details.",
  ],
  954: [14, 'The database "%s" cannot be opened. It is acting as a mirror database.'],
  1087: [15, 'Must declare the table variable "%s".'],
  1834: [16, "The file '%s' cannot be overwritten. It is being used by database '%s'."],
  1844: [16, '%s is not supported on %s.'],
  2571: [14, "User '%s' does not have permission to run %s."],
  2714: [16, "There is already an object named '%s' in the database."],
  2812: [16, "Could not find stored procedure '%s'."],
  3002: [16, 'Cannot BACKUP or RESTORE a database snapshot.'],
  3013: [16, '%s is terminating abnormally.'],
  3014: [10, '%s successfully processed %s pages in %s seconds (%s MB/sec).'],
  3021: [16, 'Cannot perform a backup or restore operation within a transaction.'],
  3023: [
    16,
    'Backup, file manipulation operations (such as ALTER DATABASE ADD FILE) and encryption changes on a database must be serialized. Reissue the statement after the current backup or file manipulation operation is completed.',
  ],
  3024: [
    16,
    'You can only perform a full backup of the master database. Use BACKUP DATABASE to back up the entire master database.',
  ],
  3031: [16, "Option '%s' conflicts with option(s) '%s'. Remove the conflicting option and reissue the statement."],
  3033: [16, 'BACKUP DATABASE cannot be used on a database opened in emergency mode.'],
  3035: [
    16,
    'Cannot perform a differential backup for database "%s", because a current database backup does not exist. Perform a full database backup by reissuing BACKUP DATABASE, omitting the WITH DIFFERENTIAL option.',
  ],
  3036: [
    16,
    'The database "%s" is in warm-standby state (set by executing RESTORE WITH STANDBY) and cannot be backed up until the entire restore sequence is completed.',
  ],
  3044: [16, 'Invalid zero-length device name. Reissue the BACKUP statement with a valid device name.'],
  3057: [
    16,
    'Invalid device name. The length of the device name provided exceeds supported limit (maximum length is:%s). Reissue the BACKUP statement with a valid device name.',
  ],
  3043: [16, "BACKUP '%s' detected an error on page (%s) in file '%s'."],
  3059: [16, 'This BACKUP or RESTORE command is not supported on a database mirror or secondary replica.'],
  3078: [
    16,
    'The file name "%s" is invalid as a backup device name for the specified device type. Reissue the BACKUP statement with a valid file name and device type.',
  ],
  3098: [
    16,
    "The backup cannot be performed because '%s' was requested after the media was formatted with an incompatible structure. To append to this media set, either omit '%s' or specify '%s'. Alternatively, you can create a new media set by using WITH FORMAT in your BACKUP statement. If you use WITH FORMAT on an existing media set, all its backup sets will be overwritten.",
  ],
  3101: [16, 'Exclusive access could not be obtained because the database is in use.'],
  3102: [
    16,
    "RESTORE cannot process database '%s' because it is in use by this session. It is recommended that the master database be used when performing this operation.",
  ],
  3104: [
    16,
    "RESTORE cannot operate on database '%s' because it is configured for database mirroring or has joined an availability group. If you intend to restore the database, use ALTER DATABASE to remove mirroring or to remove the database from its availability group.",
  ],
  3108: [
    16,
    'To restore the master database, the server must be running in single-user mode. For information on starting in single-user mode, see "How to: Start an Instance of SQL Server (sqlservr.exe)" in Books Online.',
  ],
  3110: [14, "User does not have permission to RESTORE database '%s'."],
  3117: [16, 'The log or differential backup cannot be restored because no files are ready to rollforward.'],
  3118: [
    16,
    'The database "%s" does not exist. RESTORE can only create a database when restoring either a full backup or a file backup of the primary file.',
  ],
  3119: [16, 'Problems were identified while planning for the RESTORE statement. Previous messages provide details.'],
  3120: [
    16,
    'This backup set will not be restored because all data has already been restored to a point beyond the time covered by this backup set.',
  ],
  3132: [16, 'The media set has %s media families but only %s are provided. All members must be provided.'],
  3135: [16, "The backup set in file '%s' was created by %s and cannot be used for this restore operation."],
  3136: [
    16,
    'This differential backup cannot be restored because the database has not been restored to the correct earlier state.',
  ],
  3147: [16, 'Backup and restore operations are not allowed on database tempdb.'],
  3153: [16, 'The database is already fully recovered.'],
  3154: [16, "The backup set holds a backup of a database other than the existing '%s' database."],
  3156: [16, "File '%s' cannot be restored to '%s'. Use WITH MOVE to identify a valid location for the file."],
  3159: [
    16,
    'The tail of the log for the database "%s" has not been backed up. Use BACKUP LOG WITH NORECOVERY to backup the log if it contains work you do not want to lose. Use the WITH REPLACE or WITH STOPAT clause of the RESTORE statement to just overwrite the contents of the log.',
  ],
  3169: [
    16,
    'The database was backed up on a server running database version %s. That version is incompatible with this server, which supports version %s. Either restore the database on a server that supports the backup, or use a backup that is compatible with this server.',
  ],
  3176: [
    16,
    "File '%s' is claimed by '%s'(%s) and '%s'(%s). The WITH MOVE clause can be used to relocate one or more files.",
  ],
  3183: [16, 'RESTORE detected an error on page (%s) in database "%s" as read from the backup set.'],
  3187: [16, 'RESTORE WITH CHECKSUM cannot be specified because the backup set does not contain checksum information.'],
  3189: [16, 'Damage to the backup set was detected.'],
  3201: [16, "Cannot open backup device '%s'. Operating system error %s."],
  3202: [16, 'Write on "%s" failed: %s'],
  3203: [16, 'Read on "%s" failed: %s'],
  3211: [10, '%s percent processed.'],
  3231: [
    16,
    'The media loaded on "%s" is formatted to support %s media families, but %s media families are expected according to the backup device specification.',
  ],
  3234: [
    16,
    "Logical file '%s' is not part of database '%s'. Use RESTORE FILELISTONLY to list the logical file names.",
  ],
  3241: [16, "The media family on device '%s' is incorrectly formed. SQL Server cannot process this media family."],
  3242: [16, "The file on device '%s' is not a valid Microsoft Tape Format backup set."],
  3254: [16, "The volume on device '%s' is empty."],
  3262: [10, 'The backup set on file %s is valid.'],
  3701: [11, "Cannot drop the %s '%s', because it does not exist or you do not have permission."],
  3702: [16, 'Cannot drop database "%s" because it is currently in use.'],
  4035: [10, "Processed %s pages for database '%s', file '%s' on file %s."],
  4060: [11, 'Cannot open database "%s" requested by the login. The login failed.'],
  4104: [16, 'The multi-part identifier "%s" could not be bound.'],
  4208: [
    16,
    'The statement %s is not allowed while the recovery model is SIMPLE. Use BACKUP DATABASE or change the recovery model using ALTER DATABASE.',
  ],
  4212: [16, 'Cannot back up the log of the master database. Use BACKUP DATABASE instead.'],
  4214: [16, 'BACKUP LOG cannot be performed because there is no current database backup.'],
  4305: [
    16,
    'The log in this backup set begins at LSN %s, which is too recent to apply to the database. An earlier log backup that includes LSN %s can be restored.',
  ],
  4322: [
    10,
    'This backup set contains records that were logged before the designated point in time. The database is being left in the restoring state so that more roll forward can be performed.',
  ],
  4326: [
    16,
    'The log in this backup set terminates at LSN %s, which is too early to apply to the database. A more recent log backup that includes LSN %s can be restored.',
  ],
  4329: [
    10,
    'This log file contains records logged before the designated mark. The database is being left in the Restoring state so you can apply another log file.',
  ],
  4330: [
    16,
    'This backup set cannot be applied because it is on a recovery path that is inconsistent with the database. The recovery path is the sequence of data and log backups that have brought the database to a particular recovery point. Find a compatible backup to restore, or restore the rest of the database to match a recovery point within this backup set, which will restore the database to a different point in time.  For more information about recovery paths, see SQL Server Books Online.',
  ],
  4334: [16, 'The named mark does not identify a valid LSN.'],
  4335: [
    16,
    'The specified STOPAT time is too early. All or part of the database is already rolled forward beyond that point.',
  ],
  4338: [
    16,
    'The STOPAT clause specifies a point too early to allow this backup set to be restored. Choose a different stop point or use RESTORE DATABASE WITH RECOVERY to recover at the current point.',
  ],
  4341: [16, 'This log backup contains bulk-logged changes. It cannot be used to stop at an arbitrary point in time.'],
  4621: [16, 'Permissions at the server scope can only be granted when the current database is master'],
  4613: [16, 'Grantor does not have GRANT permission.'],
  5011: [
    14,
    "User does not have permission to alter database '%s', the database does not exist, or the database is not in a state that allows access checks.",
  ],
  5052: [16, 'ALTER DATABASE is not permitted while a database is in the %s state.'],
  5133: [16, 'Directory lookup for the file "%s" failed with the operating system error %s.'],
  5701: [10, "Changed database context to '%s'."],
  6101: [16, 'Session ID %s is not valid.'],
  6104: [16, 'Cannot use KILL to kill your own process.'],
  6106: [16, 'Process ID %s is not an active process ID.'],
  6102: [14, 'User does not have permission to use the KILL statement.'],
  8115: [16, 'Arithmetic overflow error converting %s to data type %s.'],
  8117: [16, 'Operand data type %s is invalid for %s operator.'],
  8120: [
    16,
    "Column '%s' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause.",
  ],
  8134: [16, 'Divide by zero error encountered.'],
  8169: [16, 'Conversion failed when converting from a character string to uniqueidentifier.'],
  8170: [16, 'Insufficient result space to convert uniqueidentifier value to char.'],
  8179: [16, 'Could not find prepared statement with handle %s.'],
  8114: [16, 'Error converting data type %s to %s.'],
  8939: [16, "Table error: Object ID 2, database '%s'. Test (IS_OFF (BUF_IOERR, pBUF->bstat)) failed."],
  15007: [16, "'%s' is not a valid login or you do not have permission."],
  15023: [16, "User, group, or role '%s' already exists in the current database."],
  15025: [16, "The server principal '%s' already exists."],
  15118: [
    16,
    'Password validation failed. The password does not meet the operating system policy requirements because it is not complex enough.',
  ],
  15151: [16, "Cannot %s the %s '%s', because it does not exist or you do not have permission."],
  15247: [16, 'User does not have permission to perform this action.'],
  15335: [16, "A credential with name '%s' already exists."],
  18456: [14, "Login failed for user '%s'."],
  33111: [16, "Cannot find server certificate with thumbprint '%s'."],
} as const satisfies Record<number, readonly [number, string]>

export type MessageNumber = keyof typeof texts

/** @param values take the places of `%s` in order */
export function message(number: MessageNumber, ...values: (string | number | bigint)[]): Message {
  const [severity, template] = texts[number]
  let at = 0
  return { number, severity, state: 1, text: template.replaceAll('%s', () => String(values[at++])) }
}
