import type { Server } from '../connection/server.ts'
import { inComment, quoteName, quoteText } from '../sql/quote.ts'
import { type Database, scriptIn } from './database.ts'
import { addStored, showStored } from './stored-text.ts'
import { text } from './text.ts'

/** `<database>.~events-schema-triggers.sql`, or undefined where there are none. They are the very last to be made: the scheduler may start them at once. */
export async function eventsScript(server: Server, database: Database): Promise<Buffer | undefined> {
  const rows = await server.query(`SELECT EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS
    WHERE EVENT_SCHEMA = ${quoteText(database.name)} ORDER BY EVENT_NAME`)
  const names = rows.filter(row => text(row, 'EVENT_SCHEMA') === database.name).map(row => text(row, 'EVENT_NAME'))
  if (names.length === 0) return undefined
  const script = scriptIn(database.name, `events of ${inComment(database.name)}`)
  for (const name of names) {
    const qualified = `${quoteName(database.name)}.${quoteName(name)}`
    addStored(
      script,
      database,
      await showStored(server, `SHOW CREATE EVENT ${qualified}`, 'Create Event', `the event ${qualified}`),
    )
  }
  return script.bytes()
}
