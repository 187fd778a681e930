import type { Server } from '../connection/server.ts'
import { quoteName } from '../sql/quote.ts'
import { text } from './text.ts'

/** Statements that make the sequences of a database. A sequence goes on behind the numbers that the source may have handed out already. */
export async function readSequences(server: Server, database: string, sequences: string[]): Promise<string[]> {
  const statements: string[] = []
  for (const name of sequences) {
    const qualified = `${quoteName(database)}.${quoteName(name)}`
    const [shown] = await server.query(`SHOW CREATE SEQUENCE ${qualified}`)
    const [state] = await server.query(`SELECT * FROM ${qualified}`)
    // SETVAL refuses numbers that an ALTER SEQUENCE … RESTART went back to; a row can be any.
    const row = `INSERT INTO ${quoteName(name)} VALUES (${Object.values(state!).join(', ')})`
    statements.push(text(shown!, 'Create Table'), row)
  }
  return statements
}
