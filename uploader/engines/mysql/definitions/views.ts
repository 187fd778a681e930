import type { Server } from '../connection/server.ts'
import { inComment, quoteName, quoteText } from '../sql/quote.ts'
import { isDenied, ServerError } from '../wire/server-error.ts'
import { scriptIn } from './database.ts'
import { text } from './text.ts'

export interface View {
  name: string
  /** Null where the server cannot use the view: it refers to something, or to an account, that is gone. No server would create it. */
  usable: { statement: Buffer; columns: string[]; characterSet: string; collation: string } | null
  /** For a view that cannot be used: what is left of its definition. */
  remains: string
}

export async function readView(server: Server, database: string, name: string): Promise<View> {
  const qualified = `${quoteName(database)}.${quoteName(name)}`
  try {
    const [row] = await server.query(`SHOW CREATE VIEW ${qualified}`)
    const remains = text(row!, 'Create View')
    const columns = await server.query(`SHOW COLUMNS FROM ${qualified}`).catch(error => {
      if (!(error instanceof ServerError)) throw error
    })
    if (!columns) return { name, usable: null, remains }
    return {
      name,
      usable: {
        statement: row!['Create View']!,
        columns: columns.map(column => text(column, 'Field')),
        characterSet: text(row!, 'character_set_client'),
        collation: text(row!, 'collation_connection'),
      },
      remains,
    }
  } catch (error) {
    if (!(error instanceof ServerError) || isDenied(error)) throw error
    const row = await server.one(`SELECT VIEW_DEFINITION definition FROM information_schema.VIEWS
      WHERE TABLE_SCHEMA = ${quoteText(database)} AND TABLE_NAME = ${quoteText(name)}`)
    return { name, usable: null, remains: row?.definition || error.message }
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
  for (const { name, usable, remains } of views) {
    if (!usable) {
      script.comment(`The view ${inComment(name)} could not be used when it was backed up. Its definition was:`)
      script.comment(remains)
      continue
    }
    script.add(`SET SESSION character_set_client = ${usable.characterSet}, collation_connection = ${usable.collation}`)
    for (const statement of inPlaceOfStandIn(name, usable.statement)) script.add(statement)
  }
  return script.bytes()
}

/** A view of MySQL 9.4 that shows tables as JSON documents: it can replace no other view, so there is no stand-in for it. */
function isDuality(statement: Buffer): boolean {
  return /^CREATE ALGORITHM=\w+ DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*` SQL SECURITY \w+ JSON (RELATIONAL )?DUALITY VIEW /.test(
    statement.toString('latin1'),
  )
}

/**
 * A view that calls a function which itself reads the view cannot replace its stand-in: while it is made, no view of that name is there for the
 * function. It is made under another name and takes the place afterwards.
 */
function inPlaceOfStandIn(name: string, statement: Buffer): (Buffer | string)[] {
  if (isDuality(statement)) return [statement]
  const head = /^CREATE .*? SQL SECURITY \w+ (?:MATERIALIZED )?VIEW /.exec(statement.toString('latin1'))?.[0] ?? ''
  const own = ofView(name, statement.subarray(head.length))
  if (!callsFunction(statement) || head === '' || own === undefined)
    return [Buffer.concat([Buffer.from('CREATE OR REPLACE '), statement.subarray('CREATE '.length)])]
  const rest = statement.subarray(head.length + own)
  const made = quoteName('failsafe makes a view')
  return [
    Buffer.concat([statement.subarray(0, head.length), Buffer.from(made), rest]),
    `DROP VIEW ${quoteName(name)}`,
    `RENAME TABLE ${made} TO ${quoteName(name)}`,
  ]
}

/** The length of the view's own name, with its database or without. */
function ofView(name: string, text: Buffer): number | undefined {
  const quoted = Buffer.from(quoteName(name)).toString('latin1')
  const start = text.toString('latin1')
  if (start.startsWith(quoted)) return quoted.length
  const database = /^`(?:[^`]|``)*`\./.exec(start)?.[0] ?? ''
  return start.startsWith(quoted, database.length) ? database.length + quoted.length : undefined
}

/** The server writes the name of a stored function in quotes, and that of one of its own without. */
function callsFunction(statement: Buffer): boolean {
  return statement.includes('`(')
}
