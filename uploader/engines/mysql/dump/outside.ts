import { Failure } from '../../../../shared/failure.ts'
import type { Server } from '../connection/server.ts'
import { foreignKeysIn } from '../definitions/foreign-keys.ts'
import { systemDatabaseList } from '../definitions/system-databases.ts'
import { text } from '../definitions/text.ts'
import type { ViewOf } from '../definitions/view-order.ts'
import type { View } from '../definitions/views.ts'
import type { Moment } from '../moment/moment.ts'
import type { Selection } from '../selection/selection.ts'
import { namesIn } from '../sql/names.ts'
import { inComment } from '../sql/quote.ts'
import { textOf, tokens } from '../sql/tokens.ts'

/** As in the text of a script of ours; what an object that was made with ANSI_QUOTES has in double quotes is a name. */
const quoting = { ansiQuotes: true, plainBackslash: false }

/** What the server holds and the backup does not, to tell what of the backup reaches for it: that will not work where it is restored to alone. */
export class Outside {
  readonly #selection: Selection
  readonly #tables = new Map<string, Set<string>>()
  readonly #routines = new Map<string, Set<string>>()
  readonly #found: string[] = []

  private constructor(selection: Selection) {
    this.#selection = selection
  }

  static async of({ others }: Pick<Moment, 'others'>, selection: Selection, server: Server): Promise<Outside> {
    const outside = new Outside(selection)
    for (const { database, table } of others.tables) add(outside.#tables, outside.#key(database), outside.#key(table))
    if (others.databases.length === 0 && others.tables.length === 0) return outside
    const rows = await server.query(
      `SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA NOT IN (${systemDatabaseList})`,
    )
    for (const row of rows) {
      const database = text(row, 'ROUTINE_SCHEMA')
      if (!selection.whole(database))
        add(outside.#routines, outside.#key(database), text(row, 'ROUTINE_NAME').toLowerCase())
    }
    return outside
  }

  /** Triggers, routines, events: as far as their text tells. */
  inScript(what: string, database: string, script: Buffer): void {
    this.#note(what, this.#reached(script, database))
  }

  /** @throws Failure `selection-cuts` for a table that no server could make without what is left out */
  inTable(database: string, table: string, createTable: string): void {
    const name = `${inComment(database)}.${inComment(table)}`
    const parents = foreignKeysIn(createTable)
      .map(({ parent }) => ({ database: parent.database ?? database, table: parent.name }))
      .filter(parent => !this.#selection.has(parent.database, parent.table))
    this.#note(
      `a foreign key of ${name}`,
      parents.map(parent => `${inComment(parent.database)}.${inComment(parent.table)}`),
    )
    for (const found of createTable.matchAll(/\bnext(?:_value|val)\(`((?:[^`]|``)+)`\.`((?:[^`]|``)+)`\)/g)) {
      const [inDatabase, sequence] = [found[1]!, found[2]!].map(part => part.replaceAll('``', '`'))
      if (this.#selection.has(inDatabase!, sequence!)) continue
      throw new Failure('selection-cuts', `The table ${name} is chosen without a sequence that it needs`, {
        why: `a column takes its numbers from ${inComment(inDatabase!)}.${inComment(sequence!)}, and no server makes the table without it`,
        fix: 'Include the sequence as well, or exclude the table',
      })
    }
  }

  /** Views that need what is left out cannot be made again, nor can views on them: of these only the text is kept. */
  withoutUnusable(views: readonly ViewOf[]): ViewOf[] {
    const lost = new Set<ViewOf>()
    for (const each of views) {
      if (!each.view.usable) continue
      const reached = this.#reached(each.view.usable.statement, each.database)
      this.#note(`the view ${nameOf(each)}`, reached)
      if (reached.length > 0) lost.add(each)
    }
    for (let before = 0; before !== lost.size; ) {
      before = lost.size
      for (const each of views) {
        if (lost.has(each) || !each.view.usable) continue
        const names = [...namesIn(tokens(textOf(each.view.usable.statement), quoting))]
        const needed = [...lost].find(other =>
          names.some(({ database, name }) => database === other.database && name === other.view.name),
        )
        if (!needed) continue
        lost.add(each)
        this.#note(`the view ${nameOf(each)}`, [nameOf(needed)])
      }
    }
    return views.map(each => (lost.has(each) ? { ...each, view: textOnly(each.view) } : each))
  }

  /** One line each, in the order in which they were found. */
  get found(): readonly string[] {
    return this.#found
  }

  #key(name: string): string {
    return this.#selection.foldsCase ? name.toLowerCase() : name
  }

  #note(what: string, reached: string[]): void {
    if (reached.length > 0) this.#found.push(`${what} (${[...new Set(reached)].join(', ')})`)
  }

  #reached(statement: Buffer, database: string): string[] {
    if (this.#tables.size === 0 && this.#routines.size === 0) return []
    const reached: string[] = []
    for (const found of namesIn(tokens(textOf(statement), quoting))) {
      const inDatabase = this.#key(found.database ?? database)
      const isTable = found.database !== null || found.table
      if (
        (isTable && this.#tables.get(inDatabase)?.has(this.#key(found.name))) ||
        (found.routine && this.#routines.get(inDatabase)?.has(found.name.toLowerCase()))
      )
        reached.push(`${inComment(inDatabase)}.${inComment(found.name)}`)
    }
    return reached
  }
}

function nameOf({ database, view }: ViewOf): string {
  return `${inComment(database)}.${inComment(view.name)}`
}

function textOnly(view: View): View {
  return { ...view, usable: null, why: 'needs what is not in this backup', remains: view.usable!.statement.toString() }
}

function add(names: Map<string, Set<string>>, database: string, name: string): void {
  const list = names.get(database)
  if (list) list.add(name)
  else names.set(database, new Set([name]))
}
