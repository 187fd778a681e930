import { fromDisks } from './from-disks.ts'
import { quoteName, quoteText } from './quote.ts'
import { name, path, type Statement, statement } from './statement.ts'

/** A file of the database and where it is put. */
export interface Move {
  logical: string
  to: string
}

export interface RestoreStatement {
  database: string
  /** The files of the backup, as the server names them. */
  disks: readonly string[]
  moves: readonly Move[]
}

/** The server takes no variable for these names. */
const movesOf = (moves: readonly Move[]) =>
  moves.map(({ logical, to }) => `,\nMOVE ${quoteText(logical)} TO ${quoteText(to)}`).join('')

/** A full or differential; logs or recovery follow. @param replace of an existing database */
export function restoreData({ database, disks, moves }: RestoreStatement, replace: boolean): Statement {
  const from = fromDisks(disks)
  return statement(
    `RESTORE DATABASE @db FROM ${from.text}
WITH NORECOVERY, CHECKSUM, STATS = 5${replace ? ', REPLACE' : ''}${movesOf(moves)}`,
    { db: name(database), ...from.inputs },
  )
}

/** @param stopAt on the clock of the server that was backed up; the same for all logs of a chain */
export function restoreLog({ database, disks, moves }: RestoreStatement, stopAt: string | null): Statement {
  const from = fromDisks(disks)
  return statement(
    `RESTORE LOG @db FROM ${from.text}
WITH NORECOVERY, CHECKSUM, STATS = 5${stopAt === null ? '' : ', STOPAT = @stopAt'}${movesOf(moves)}`,
    {
      db: name(database),
      ...from.inputs,
      ...(stopAt !== null && { stopAt: { value: stopAt, length: 30 } }),
    },
  )
}

export const recover = (database: string) => statement('RESTORE DATABASE @db WITH RECOVERY', { db: name(database) })

export const stateOf = (database: string) =>
  statement('SELECT state_desc, user_access_desc FROM sys.databases WHERE name = @db', { db: name(database) })

/** Where the server puts the files of new databases. */
export const defaultPaths = statement(`
SELECT CONVERT(nvarchar(512), SERVERPROPERTY('InstanceDefaultDataPath')) AS data_path,
CONVERT(nvarchar(512), SERVERPROPERTY('InstanceDefaultLogPath')) AS log_path,
CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')) AS version
`)

/** Who is let into a database. */
export type UserAccess = 'MULTI_USER' | 'RESTRICTED_USER'

/** Nobody else is in the database from here on. */
export const alone = (database: string) =>
  statement(`ALTER DATABASE ${quoteName(database)} SET SINGLE_USER WITH ROLLBACK IMMEDIATE`)

/** As it was before `alone`; whoever came in meanwhile is put out. */
export const letIn = (database: string, access: UserAccess) =>
  statement(`ALTER DATABASE ${quoteName(database)} SET ${access} WITH ROLLBACK IMMEDIATE`)

/** What is in the log and in no backup, of a database that is about to be replaced. For a person to run: its file is theirs. */
export const tailLog = (database: string, file: string) =>
  statement('BACKUP LOG @db TO DISK = @file\nWITH NO_TRUNCATE, NORECOVERY, CHECKSUM, FORMAT, INIT', {
    db: name(database),
    file: path(file),
  })

/** A statement as a person runs it, with its values in it. */
export function written({ text, inputs }: Statement): string {
  return text.replaceAll(/@(\w+)/g, (whole, key: string) => {
    const input = inputs[key]
    if (input === undefined) return whole
    if (typeof input.value === 'number') return String(input.value)
    return key === 'db' ? quoteName(input.value) : quoteText(input.value)
  })
}
