import type { Server } from '../connection/server.ts'
import { inComment, quoteName, quoteText } from '../sql/quote.ts'
import { ServerError } from '../wire/server-error.ts'
import { type Database, scriptIn } from './database.ts'
import { addStored, showStored } from './stored-text.ts'
import { text } from './text.ts'

const unknownTable = 1109

/** `<database>/libraries.sql`, or undefined where there are none: code that routines share (MySQL 9.2 and later). */
export async function librariesScript(server: Server, database: Database): Promise<Buffer | undefined> {
  const rows = await server
    .query(`SELECT LIBRARY_SCHEMA, LIBRARY_NAME FROM information_schema.LIBRARIES
    WHERE LIBRARY_SCHEMA = ${quoteText(database.name)} ORDER BY LIBRARY_NAME`)
    .catch(error => {
      if (!(error instanceof ServerError && error.errno === unknownTable)) throw error
      return []
    })
  const names = rows.filter(row => text(row, 'LIBRARY_SCHEMA') === database.name).map(row => text(row, 'LIBRARY_NAME'))
  if (names.length === 0) return undefined
  const script = scriptIn(database.name, `libraries of ${inComment(database.name)}`)
  for (const name of names) {
    const qualified = `${quoteName(database.name)}.${quoteName(name)}`
    const show = `SHOW CREATE LIBRARY ${qualified}`
    addStored(script, database, await showStored(server, show, 'Create Library', `the library ${qualified}`))
  }
  return script.bytes()
}
