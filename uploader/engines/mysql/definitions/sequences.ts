import type { Server } from '../connection/server.ts'
import { inComment, quoteName } from '../sql/quote.ts'
import { scriptIn } from './database.ts'
import { text } from './text.ts'

/** `<database>/sequences.sql`. A sequence goes on behind the numbers that the source may have handed out already. */
export async function sequencesScript(server: Server, database: string, sequences: string[]): Promise<Buffer> {
  const script = scriptIn(database, `sequences of ${inComment(database)}`)
  for (const name of sequences) {
    const qualified = `${quoteName(database)}.${quoteName(name)}`
    const [shown] = await server.query(`SHOW CREATE SEQUENCE ${qualified}`)
    const [state] = await server.query(`SELECT * FROM ${qualified}`)
    script.add(text(shown!, 'Create Table'))
    // SETVAL refuses numbers that an ALTER SEQUENCE … RESTART went back to; a row can be any.
    script.add(`INSERT INTO ${quoteName(name)} VALUES (${Object.values(state!).join(', ')})`)
  }
  return script.bytes()
}
