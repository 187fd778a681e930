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
  if (group.length > 1) for (const each of group) addStandIn(script, each)
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
  script.add(isDuality(statement) ? statement : orReplace(statement), characterSet)
  inUtf8Again(script, characterSet)
}

/** A view of MySQL 9.4 that shows tables as JSON documents: it can replace no other view, so there is no stand-in for it. */
function isDuality(statement: Buffer): boolean {
  return /^CREATE ALGORITHM=\w+ DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*` SQL SECURITY \w+ JSON (RELATIONAL )?DUALITY VIEW /.test(
    statement.toString('latin1'),
  )
}

/** Takes the place of its stand-in, in one go. */
function orReplace(statement: Buffer): Buffer {
  return Buffer.concat([Buffer.from('CREATE OR REPLACE '), statement.subarray('CREATE '.length)])
}
