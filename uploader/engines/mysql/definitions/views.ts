import { Failure } from '../../../../shared/failure.ts'
import type { Server } from '../connection/server.ts'
import { inComment, quoteName } from '../sql/quote.ts'
import { ServerError } from '../wire/server-error.ts'
import { scriptIn } from './database.ts'
import { text } from './text.ts'

export interface View {
  name: string
  statement: Buffer
  characterSet: string
  collation: string
  /** Undefined where the server cannot tell: it refers to what is gone, or to an account that is gone. */
  columns: string[] | undefined
  /** It refers to something that is gone, so no server would create it. */
  invalid: boolean
}

const invalidView = 1356

export async function readView(server: Server, database: string, name: string): Promise<View> {
  const qualified = `${quoteName(database)}.${quoteName(name)}`
  const [row] = await server.query(`SHOW CREATE VIEW ${qualified}`)
  const statement = row?.['Create View']
  if (!statement)
    throw new Failure('mysql-missing-right', `The view ${qualified} may not be read`, { fix: 'GRANT SHOW VIEW ON *.*' })
  let columns: string[] | undefined
  let invalid = false
  try {
    columns = (await server.query(`SHOW COLUMNS FROM ${qualified}`)).map(column => text(column, 'Field'))
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    invalid = error.errno === invalidView
  }
  return {
    name,
    statement,
    characterSet: text(row!, 'character_set_client'),
    collation: text(row!, 'collation_connection'),
    columns,
    invalid,
  }
}

/** `<database>/views-first.sql`: stand-ins with the right column names, so that views on views can be made in any order. */
export function standInsScript(database: string, views: View[]): Buffer {
  const script = scriptIn(database, `stand-ins for the views of ${inComment(database)}`)
  for (const { name, columns } of views) {
    if (columns === undefined) continue
    const list = columns.map(column => `NULL AS ${quoteName(column)}`).join(', ')
    script.add(`CREATE VIEW ${quoteName(name)} AS SELECT ${list}`)
  }
  return script.bytes()
}

/** `<database>/views.sql` */
export function viewsScript(database: string, views: View[]): Buffer {
  const script = scriptIn(database, `views of ${inComment(database)}`)
  for (const view of views) {
    if (view.invalid) {
      script.comment(
        `The view ${inComment(view.name)} refers to what was gone when it was backed up. Its definition was:`,
      )
      script.comment(view.statement.toString())
      continue
    }
    script.add(`SET SESSION character_set_client = ${view.characterSet}, collation_connection = ${view.collation}`)
    script.add(orReplace(view.statement))
  }
  return script.bytes()
}

/** In one go, because a view that is loaded at the same time may need this one. */
function orReplace(statement: Buffer): Buffer {
  return Buffer.concat([Buffer.from('CREATE OR REPLACE '), statement.subarray('CREATE '.length)])
}
