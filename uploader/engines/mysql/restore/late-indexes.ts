import type { Server } from '../connection/server.ts'
import { showCreateTable } from '../definitions/tables.ts'
import { quoteName } from '../sql/quote.ts'
import { ServerError } from '../wire/server-error.ts'

/** Plain indexes that an empty table was relieved of, to be made when its rows are there. */
export interface LateIndexes {
  /** The statement that makes them. */
  creation: string
  /** The table's definition with them. */
  table: string
}

/**
 * Takes plain indexes off an empty table: what is made of all rows at once is sorted, and costs the server a fraction of what row after row costs. What the
 * server needs (for a foreign key, or a column that counts) stays, and so does what stands before it: the others would come back in another order.
 * @returns undefined where the table stays as it is
 */
export async function takeOff(server: Server, database: string, table: string): Promise<LateIndexes | undefined> {
  await prepare(server)
  const definition = await showCreateTable(server, database, table)
  const indexes = plainIndexes(definition)
  const alter = (clauses: string[]) => `ALTER TABLE ${quoteName(database)}.${quoteName(table)} ${clauses.join(', ')}`
  while (indexes.length > 0) {
    try {
      await server.query(alter(indexes.map(({ name }) => `DROP KEY ${name}`)))
      return { creation: alter(indexes.map(index => `ADD ${index.definition}`)), table: definition }
    } catch (error) {
      if (!(error instanceof ServerError)) throw error
      indexes.shift()
    }
  }
  return undefined
}

/** @returns whether the table is again what it was. @throws ServerError */
export async function putOn(
  server: Server,
  database: string,
  table: string,
  { creation, table: before }: LateIndexes,
): Promise<boolean> {
  await prepare(server)
  await server.query(creation)
  return (await showCreateTable(server, database, table)) === before
}

/** The script before may have left the session otherwise, in which the server would not see what a foreign key needs. */
async function prepare(server: Server): Promise<void> {
  await server.query('SET NAMES utf8mb4')
  await server.query(`SET SESSION sql_mode = '', foreign_key_checks = 1`)
}

/**
 * Those that come back in the same order: the server keeps unique ones before them and those of a text behind, but one of places among them. Each is a line, as the server writes it, of whose
 * names none goes on in the next line.
 */
function plainIndexes(definition: string): { name: string; definition: string }[] {
  if (!/^\) ENGINE=InnoDB\b/m.test(definition)) return []
  const indexes: { name: string; definition: string }[] = []
  for (const line of definition.split('\n')) {
    const [, made, name] = /^ {2}(KEY (`(?:[^`]|``)+`) .*?),?$/.exec(line) ?? []
    if (made !== undefined && line.split('`').length % 2 === 1) indexes.push({ name: name!, definition: made })
    else if (/^ {2}(SPATIAL )?KEY /.test(line)) indexes.length = 0
  }
  return indexes
}
