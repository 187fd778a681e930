import type { Server } from '../connection/server.ts'
import { inComment, quoteName, quoteText } from '../sql/quote.ts'
import { Script } from '../sql/script.ts'
import { readSequences } from './sequences.ts'
import { addStored, type StoredText } from './stored-text.ts'
import { text } from './text.ts'

export interface Database {
  name: string
  collation: string
}

export async function readDatabase(server: Server, name: string): Promise<Database | undefined> {
  const rows = await server.query(
    `SELECT SCHEMA_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoteText(name)}`,
  )
  const row = rows.find(candidate => text(candidate, 'SCHEMA_NAME') === name)
  return row && { name, collation: text(row, 'DEFAULT_COLLATION_NAME') }
}

/** `<database>-schema-create.sql`: may run where the database is there already and empty. With what tables and routines need. */
export async function databaseScript(
  server: Server,
  database: Database,
  sequences: string[],
  libraries: StoredText[],
): Promise<Buffer> {
  const { name, collation } = database
  const [row] = await server.query(`SHOW CREATE DATABASE IF NOT EXISTS ${quoteName(name)}`)
  const script = new Script(`database ${inComment(name)}`)
  script.add(text(row!, 'Create Database'))
  // Where it is there already.
  script.add(`ALTER DATABASE ${quoteName(name)} COLLATE ${collation}`)
  script.add(`USE ${quoteName(name)}`)
  for (const statement of await readSequences(server, name, sequences)) script.add(statement)
  for (const library of libraries) addStored(script, database, library)
  return script.bytes()
}

/** A script whose statements are about one database. */
export function scriptIn(database: string, title: string): Script {
  return new Script(title).add(`USE ${quoteName(database)}`)
}
