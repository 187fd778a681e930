import { hash } from 'node:crypto'
import type { Server } from '../connection/server.ts'
import { inComment, quoteName } from '../sql/quote.ts'
import { scriptIn } from './database.ts'
import { text } from './text.ts'

export async function showCreateTable(server: Server, database: string, table: string): Promise<string> {
  const [row] = await server.query(`SHOW CREATE TABLE ${quoteName(database)}.${quoteName(table)}`)
  return text(row!, 'Create Table')
}

/** `<database>.<table>-schema.sql` */
export function tableScript(database: string, table: string, createTable: string): Buffer {
  return scriptIn(database, `table ${inComment(table)} of ${inComment(database)}`)
    .add(createTable)
    .bytes()
}

/** Stands for the definition without what changes with the rows: the next number of AUTO_INCREMENT. */
export function shapeOf(createTable: string): string {
  return hash('sha256', createTable.replace(/ AUTO_INCREMENT=\d+(?=[^\n]*$)/, ''))
}
