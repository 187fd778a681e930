import type { TableName } from '../moment/moment.ts'
import { matcher } from './glob.ts'
import type { Choice, Pattern } from './pattern.ts'

interface Rule {
  pattern: Pattern
  database(name: string): boolean
  /** Null where the pattern names whole databases. */
  table: ((name: string) => boolean) | null
}

/**
 * What a choice means on a server with its way to compare names. What is excluded is out, whatever includes it. Of a database that is chosen by
 * tables only there is its definition, so that the tables can be made, but nothing that belongs to it as a whole: routines, events, libraries.
 */
export class Selection {
  readonly choice: Choice
  /** Whether upper and lower case are the same in names of databases and tables. */
  readonly foldsCase: boolean
  readonly #include: Rule[]
  readonly #exclude: Rule[]

  constructor(choice: Choice, lowerCaseTableNames: number) {
    this.choice = choice
    this.foldsCase = lowerCaseTableNames !== 0
    const ruleOf = (pattern: Pattern): Rule => ({
      pattern,
      database: matcher(pattern.database, this.foldsCase),
      table: pattern.table && matcher(pattern.table, this.foldsCase),
    })
    this.#include = choice.include.map(ruleOf)
    this.#exclude = choice.exclude.map(ruleOf)
  }

  /** Whether the database is in, with all that belongs to it as a whole; tables of it may be excluded all the same. */
  whole(database: string): boolean {
    return this.#include.some(rule => !rule.table && rule.database(database)) && !this.#isExcluded(database)
  }

  /** Whether the definition of the database is in: it is whole, or tables of it are chosen, be there any now or not. */
  holds(database: string): boolean {
    return this.#include.some(rule => rule.database(database)) && !this.#isExcluded(database)
  }

  /** Whether a table, view or sequence of that name is in. */
  has(database: string, name: string): boolean {
    const matches = (rule: Rule) => rule.database(database) && (!rule.table || rule.table(name))
    return this.#include.some(matches) && !this.#exclude.some(matches)
  }

  /** Patterns that match nothing of what a server holds: spelling mistakes, mostly. */
  unmatched(databases: readonly string[], tables: readonly TableName[]): Pattern[] {
    return [...this.#include, ...this.#exclude]
      .filter(({ database, table }) =>
        table
          ? !tables.some(name => database(name.database) && table(name.table))
          : !databases.some(name => database(name)),
      )
      .map(({ pattern }) => pattern)
  }

  #isExcluded(database: string): boolean {
    return this.#exclude.some(rule => !rule.table && rule.database(database))
  }
}
