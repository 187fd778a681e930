import type { Server } from '../connection/server.ts'
import { inComment, quoteName, quoteText } from '../sql/quote.ts'
import { Script } from '../sql/script.ts'
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

/** `<database>/schema.sql`: may run where the database is there already and empty. */
export async function databaseScript(server: Server, { name, collation }: Database): Promise<Buffer> {
  const [row] = await server.query(`SHOW CREATE DATABASE IF NOT EXISTS ${quoteName(name)}`)
  const script = new Script(`database ${inComment(name)}`)
  script.add(text(row!, 'Create Database'))
  // Where it is there already.
  script.add(`ALTER DATABASE ${quoteName(name)} COLLATE ${collation}`)
  return script.bytes()
}

/** A script whose statements are about one database. */
export function scriptIn(database: string, title: string): Script {
  return new Script(title).add(`USE ${quoteName(database)}`)
}
