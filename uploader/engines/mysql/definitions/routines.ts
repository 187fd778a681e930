import type { Server } from '../connection/server.ts'
import { inComment, quoteName, quoteText } from '../sql/quote.ts'
import { type Database, scriptIn } from './database.ts'
import { addStored, showStored } from './stored-text.ts'
import { text } from './text.ts'

/** Types in the order they are made in: the body of a package needs its head. */
const types: Record<string, string> = {
  PACKAGE: 'Create Package',
  'PACKAGE BODY': 'Create Package Body',
  FUNCTION: 'Create Function',
  PROCEDURE: 'Create Procedure',
}

/** `<database>-schema-post.sql`, or undefined where there are none. */
export async function routinesScript(server: Server, database: Database): Promise<Buffer | undefined> {
  const rows = await server.query(`SELECT ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_TYPE FROM information_schema.ROUTINES
    WHERE ROUTINE_SCHEMA = ${quoteText(database.name)} ORDER BY ROUTINE_NAME`)
  const routines = rows.filter(row => text(row, 'ROUTINE_SCHEMA') === database.name)
  if (routines.length === 0) return undefined
  const script = scriptIn(database.name, `routines of ${inComment(database.name)}`)
  for (const [type, column] of Object.entries(types)) {
    for (const row of routines.filter(candidate => text(candidate, 'ROUTINE_TYPE') === type)) {
      const name = text(row, 'ROUTINE_NAME')
      const qualified = `${quoteName(database.name)}.${quoteName(name)}`
      const show = `SHOW CREATE ${type} ${qualified}`
      addStored(script, database, await showStored(server, show, column, `the ${type.toLowerCase()} ${qualified}`))
    }
  }
  return script.bytes()
}
