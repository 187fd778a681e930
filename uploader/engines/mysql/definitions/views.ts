import type { Server } from '../connection/server.ts'
import { inComment, quoteName, quoteText } from '../sql/quote.ts'
import { isDenied, ServerError } from '../wire/server-error.ts'
import { scriptIn } from './database.ts'
import { text } from './text.ts'

export interface View {
  name: string
  /** Null where no server would create the view: it refers to something, or to an account, that is gone or not in the backup. */
  usable: { statement: Buffer; columns: string[]; characterSet: string; collation: string } | null
  /** For a view that is not usable: why, and what is left of its definition. */
  why: string
  remains: string
}

export async function readView(server: Server, database: string, name: string): Promise<View> {
  const qualified = `${quoteName(database)}.${quoteName(name)}`
  const why = 'could not be used when it was backed up'
  try {
    const [row] = await server.query(`SHOW CREATE VIEW ${qualified}`)
    const remains = text(row!, 'Create View')
    const columns = await server.query(`SHOW COLUMNS FROM ${qualified}`).catch(error => {
      if (!(error instanceof ServerError)) throw error
    })
    if (!columns) return { name, usable: null, why, remains }
    return {
      name,
      usable: {
        statement: row!['Create View']!,
        columns: columns.map(column => text(column, 'Field')),
        characterSet: text(row!, 'character_set_client'),
        collation: text(row!, 'collation_connection'),
      },
      why,
      remains,
    }
  } catch (error) {
    if (!(error instanceof ServerError) || isDenied(error)) throw error
    const row = await server.one(`SELECT VIEW_DEFINITION definition FROM information_schema.VIEWS
      WHERE TABLE_SCHEMA = ${quoteText(database)} AND TABLE_NAME = ${quoteText(name)}`)
    return { name, usable: null, why, remains: row?.definition || error.message }
  }
}

/** `<database>/views-first.sql`: stand-ins with the right column names, so that views on views can be made in any order. */
export function standInsScript(database: string, views: View[]): Buffer {
  const script = scriptIn(database, `stand-ins for the views of ${inComment(database)}`)
  for (const { name, usable } of views) {
    if (!usable || isDuality(usable.statement)) continue
    const list = usable.columns.map(column => `NULL AS ${quoteName(column)}`).join(', ')
    script.add(`CREATE VIEW ${quoteName(name)} AS SELECT ${list}`)
  }
  return script.bytes()
}

/** `<database>/views.sql` */
export function viewsScript(database: string, views: View[]): Buffer {
  const script = scriptIn(database, `views of ${inComment(database)}`)
  for (const { name, usable, why, remains } of views) {
    if (!usable) {
      script.comment(`The view ${inComment(name)} ${why}. Its definition was:`)
      script.comment(remains)
      continue
    }
    script.add(`SET SESSION character_set_client = ${usable.characterSet}, collation_connection = ${usable.collation}`)
    script.add(isDuality(usable.statement) ? usable.statement : orReplace(usable.statement))
  }
  return script.bytes()
}

/** A view of MySQL 9.4 that shows tables as JSON documents: it can replace no other view, so there is no stand-in for it. */
function isDuality(statement: Buffer): boolean {
  return /^CREATE ALGORITHM=\w+ DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*` SQL SECURITY \w+ JSON (RELATIONAL )?DUALITY VIEW /.test(
    statement.toString('latin1'),
  )
}

/** In one go, because a view that is loaded at the same time may need this one. */
function orReplace(statement: Buffer): Buffer {
  return Buffer.concat([Buffer.from('CREATE OR REPLACE '), statement.subarray('CREATE '.length)])
}
