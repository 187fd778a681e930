import { Failure } from '../../../../shared/failure.ts'
import type { Row, Server } from '../connection/server.ts'
import { quoteName, quoteText } from '../sql/quote.ts'
import type { Script } from '../sql/script.ts'
import { textOrNull } from './text.ts'

/**
 * Routines, triggers and events remember the session they were made in. Their text is in the character set of that session; it
 * is read and written as bytes.
 */
export interface StoredText {
  statement: Buffer
  sqlMode: string
  characterSet: string
  collation: string
  databaseCollation: string | null
  timeZone: string | null
}

/** @param column where SHOW CREATE … puts the statement, e.g. `Create Procedure` */
export async function showStored(server: Server, show: string, column: string, what: string): Promise<StoredText> {
  const [row] = await server.query(show)
  const statement = row?.[column]
  if (!statement)
    throw new Failure('mysql-missing-right', `The text of ${what} may not be read`, {
      why: 'the server shows it to its owner and to accounts with SELECT on everything only',
      fix: 'Grant SELECT ON *.* (MySQL 8.0.20 and later: SHOW_ROUTINE too) to the account',
    })
  return stored(row!, statement)
}

function stored(row: Row, statement: Buffer): StoredText {
  return {
    statement,
    sqlMode: textOrNull(row, 'sql_mode') ?? '',
    // A library does not remember them: its text is UTF-8.
    characterSet: textOrNull(row, 'character_set_client') ?? 'utf8mb4',
    collation: textOrNull(row, 'collation_connection') ?? 'utf8mb4_general_ci',
    databaseCollation: textOrNull(row, 'Database Collation'),
    timeZone: textOrNull(row, 'time_zone'),
  }
}

/** Sets the session as it was, makes the object, and does the same for the database's collation where it was another one. */
export function addStored(script: Script, database: { name: string; collation: string }, stored: StoredText): void {
  const otherCollation = stored.databaseCollation !== null && stored.databaseCollation !== database.collation
  if (otherCollation) script.add(`ALTER DATABASE ${quoteName(database.name)} COLLATE ${stored.databaseCollation}`)
  const timeZone = stored.timeZone === null ? '' : `, time_zone = ${quoteText(stored.timeZone)}`
  script.add(
    `SET SESSION sql_mode = ${quoteText(stored.sqlMode)}, character_set_client = ${stored.characterSet}, collation_connection = ${stored.collation}${timeZone}`,
  )
  script.add(stored.statement, stored.characterSet)
  inUtf8Again(script, stored.characterSet)
  if (otherCollation) script.add(`ALTER DATABASE ${quoteName(database.name)} COLLATE ${database.collation}`)
}

/** Names in what comes next are UTF-8, in this file and in the next one that a loader runs in the same session. */
export function inUtf8Again(script: Script, characterSet: string): void {
  if (!characterSet.startsWith('utf8')) script.add('SET NAMES utf8mb4')
}
