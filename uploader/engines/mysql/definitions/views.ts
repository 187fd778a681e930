import type { Server } from '../connection/server.ts'
import { inComment, quoteName, quoteText } from '../sql/quote.ts'
import type { Script } from '../sql/script.ts'
import { isDenied, ServerError } from '../wire/server-error.ts'
import { scriptIn } from './database.ts'
import { inUtf8Again } from './stored-text.ts'
import { text } from './text.ts'
import type { ViewOf } from './view-order.ts'

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

/**
 * `<database>.<view>-schema-view.sql`, called after the last of them.
 * @param group views that need one another, each after those it needs (see view-order.ts)
 */
export function viewsScript(group: readonly ViewOf[]): Buffer {
  const { database, view } = group.at(-1)!
  const others = group.length > 1 ? `, and ${group.length - 1} related to it` : ''
  const script = scriptIn(database, `view ${inComment(view.name)} of ${inComment(database)}${others}`)
  if (group.length > 1 || callsFunction(view)) for (const each of group) addStandIn(script, each)
  let used = database
  for (const each of group) {
    if (each.database !== used) script.add(`USE ${quoteName(each.database)}`)
    used = each.database
    addView(script, each.view)
  }
  return script.bytes()
}

/** A view with the right column names, for those that have its name in their text and come before it all the same. */
function addStandIn(script: Script, { database, view: { name, usable } }: ViewOf): void {
  if (!usable || isDuality(usable.statement)) return
  const list = usable.columns.map(column => `NULL AS ${quoteName(column)}`).join(', ')
  script.add(`CREATE VIEW ${quoteName(database)}.${quoteName(name)} AS SELECT ${list}`)
}

function addView(script: Script, { name, usable, why, remains }: View): void {
  if (!usable) {
    script.comment(`The view ${inComment(name)} ${why}. Its definition was:`)
    script.comment(remains)
    return
  }
  const { statement, characterSet, collation } = usable
  script.add(`SET SESSION character_set_client = ${characterSet}, collation_connection = ${collation}`)
  for (const part of inPlaceOfStandIn(name, statement)) script.add(part, characterSet)
  inUtf8Again(script, characterSet)
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
  if (!namesFunction(statement) || head === '' || own === undefined)
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

/** What a function reads is not in the text of the view that calls it: it may be any view, and this one too. */
export function callsFunction({ usable }: View): boolean {
  return usable !== null && namesFunction(usable.statement)
}

/** The server writes the name of a stored function in quotes, and that of one of its own without. */
function namesFunction(statement: Buffer): boolean {
  return statement.includes('`(')
}
