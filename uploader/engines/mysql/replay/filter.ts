import type { ForeignKey } from '../definitions/foreign-keys.ts'
import type { QueryEvent } from '../log/query-event.ts'
import type { Selection } from '../selection/selection.ts'
import { inComment } from '../sql/quote.ts'
import { type Quoting, textOf } from '../sql/tokens.ts'
import { parseStatement, type Table } from './statement.ts'

/** A foreign key of a table that is restored. */
export interface Reference {
  child: Table
  parent: Table
  cascades: ForeignKey['cascades']
}

/** What becomes of a statement. `missing`: what may not be there for it because it was left out; `what`: the name of what it changes. */
export type Verdict = { in: true; missing?: 'view' | 'trigger' } | { in: false; what: string } | { unclear: string }

/** Which rows are written without a look at foreign keys: their parents are not there. */
export type Unchecked = 'none' | 'inserts' | 'inserts-and-updates'

/** Tells of the changes that a log holds which belong to what was restored. The log holds those of all databases. */
export class Filter {
  readonly #selection: Selection
  readonly #ofServer: boolean
  /** By child: parents that are left out. */
  readonly #unchecked = new Map<string, Unchecked>()
  readonly #cascading = new Map<string, Set<string>>()

  /** @param ofServer whether accounts and what else is in no database are in */
  constructor(selection: Selection, ofServer: boolean, references: readonly Reference[]) {
    this.#selection = selection
    this.#ofServer = ofServer
    const [inside, outside] = [true, false].map(is =>
      references.filter(({ parent }) => selection.has(parent.database, parent.name) === is),
    )
    const passesOn = new Set(
      inside!.filter(({ cascades }) => cascades.includes('UPDATE')).map(({ parent }) => this.#key(parent)),
    )
    for (const { child, parent, cascades } of outside!) {
      const key = this.#key(child)
      this.#unchecked.set(key, passesOn.has(key) ? 'inserts' : 'inserts-and-updates')
      const changes = this.#cascading.get(this.#key(parent)) ?? new Set()
      for (const change of cascades) changes.add(change)
      this.#cascading.set(this.#key(parent), changes)
    }
  }

  holds(database: string): boolean {
    return this.#selection.holds(database)
  }

  has({ database, name }: Table): boolean {
    return this.#selection.has(database, name)
  }

  unchecked(table: Table): Unchecked {
    return this.#unchecked.get(this.#key(table)) ?? 'none'
  }

  /** Whether rows that are restored change, or go, with such a change of a table that is left out: the log does not say which. */
  cascades(table: Table, change: 'DELETE' | 'UPDATE'): boolean {
    return this.#cascading.get(this.#key(table))?.has(change) ?? false
  }

  judge(query: QueryEvent): Verdict {
    const current = query.database.toString('utf8')
    const statement = parseStatement(textOf(query.text), current, quotingOf(query.status))
    switch (statement.concerns) {
      case 'server':
        return verdictOf(this.#ofServer, 'accounts and the like')
      case 'database':
        return verdictOf(this.holds(statement.database), inComment(statement.database))
      case 'program':
        return verdictOf(this.#selection.whole(statement.database), inComment(statement.database))
      case 'trigger':
        return this.holds(statement.database)
          ? { in: true, missing: 'trigger' }
          : { in: false, what: inComment(statement.database) }
      case 'tables':
        return this.#judgeTables(statement)
      case 'anything':
        if (this.#selection.whole(current)) return { in: true }
        return this.holds(current)
          ? { unclear: 'it does not say which tables it changes' }
          : { in: false, what: inComment(current) }
    }
  }

  #judgeTables({ writes, reads, view }: { writes: Table[]; reads: Table[]; view: boolean }): Verdict {
    const left = writes.filter(table => !this.has(table))
    if (left.length === writes.length) return { in: false, what: namesOf(writes) }
    if (left.length > 0)
      return { unclear: `it changes ${namesOf(writes)} at once, and only some of these belong to what is restored` }
    const needed = reads.filter(table => !this.has(table))
    if (needed.length > 0) return { unclear: `it needs ${namesOf(needed)}, which does not belong to what is restored` }
    return view ? { in: true, missing: 'view' } : { in: true }
  }

  #key({ database, name }: Table): string {
    const key = `${database}\0${name}`
    return this.#selection.foldsCase ? key.toLowerCase() : key
  }
}

function namesOf(tables: Table[]): string {
  return tables.map(({ database, name }) => `${inComment(database)}.${inComment(name)}`).join(', ')
}

function verdictOf(isIn: boolean, what: string): Verdict {
  return isIn ? { in: true } : { in: false, what }
}

const ansiQuotes = 4n
const noBackslashEscapes = 1n << 20n

/** Of the session's sql_mode, which stands at the beginning of the status variables, behind flags (number 0, four bytes). */
function quotingOf(status: Buffer): Quoting {
  const at = status[0] === 0 ? 5 : 0
  const mode = status[at] === 1 ? status.readBigUInt64LE(at + 1) : 0n
  return { ansiQuotes: (mode & ansiQuotes) !== 0n, plainBackslash: (mode & noBackslashEscapes) !== 0n }
}
