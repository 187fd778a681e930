import type { Server } from '../connection/server.ts'
import { quoteName, quoteText } from '../sql/quote.ts'
import { ServerError } from '../wire/server-error.ts'
import { type StoredText, showStored } from './stored-text.ts'
import { text } from './text.ts'

const unknownTable = 1109

/** Code that routines share (MySQL 9.2 and later). */
export async function readLibraries(server: Server, database: string): Promise<StoredText[]> {
  const rows = await server
    .query(`SELECT LIBRARY_SCHEMA, LIBRARY_NAME FROM information_schema.LIBRARIES
    WHERE LIBRARY_SCHEMA = ${quoteText(database)} ORDER BY LIBRARY_NAME`)
    .catch(error => {
      if (!(error instanceof ServerError && error.errno === unknownTable)) throw error
      return []
    })
  const names = rows.filter(row => text(row, 'LIBRARY_SCHEMA') === database).map(row => text(row, 'LIBRARY_NAME'))
  const libraries: StoredText[] = []
  for (const name of names) {
    const qualified = `${quoteName(database)}.${quoteName(name)}`
    const show = `SHOW CREATE LIBRARY ${qualified}`
    libraries.push(await showStored(server, show, 'Create Library', `the library ${qualified}`))
  }
  return libraries
}
