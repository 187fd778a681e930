import type { Server } from '../connection/server.ts'
import { inComment, quoteName, quoteText } from '../sql/quote.ts'
import { type Database, scriptIn } from './database.ts'
import { addStored, showStored } from './stored-text.ts'
import { text } from './text.ts'

/** Names of the triggers of each table that has some, in the order in which they fire. */
export async function listTriggers(server: Server, database: string): Promise<Map<string, string[]>> {
  const rows =
    await server.query(`SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS
    WHERE TRIGGER_SCHEMA = ${quoteText(database)}
    ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER`)
  const triggers = new Map<string, string[]>()
  for (const row of rows) {
    if (text(row, 'TRIGGER_SCHEMA') !== database) continue
    const table = text(row, 'EVENT_OBJECT_TABLE')
    const names = triggers.get(table) ?? []
    const name = text(row, 'TRIGGER_NAME')
    if (!names.includes(name)) names.push(name)
    triggers.set(table, names)
  }
  return triggers
}

/** `<database>.<table>-schema-triggers.sql` */
export async function triggersScript(
  server: Server,
  database: Database,
  table: string,
  names: string[],
): Promise<Buffer> {
  const script = scriptIn(database.name, `triggers of ${inComment(table)} of ${inComment(database.name)}`)
  for (const name of names) {
    const qualified = `${quoteName(database.name)}.${quoteName(name)}`
    const show = `SHOW CREATE TRIGGER ${qualified}`
    addStored(script, database, await showStored(server, show, 'SQL Original Statement', `the trigger ${qualified}`))
  }
  return script.bytes()
}
