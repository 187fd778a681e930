import type { TableName } from '../moment/moment.ts'
import { fileNames } from '../sql/file-name.ts'

/**
 * Names of the artefacts: those of mydumper, so that myloader finds its way too. All files of databases lie side by side; parts of a name that are
 * not plain are encoded, so there is no dot in them.
 *
 *   metadata                             when the dump was taken, and the place in the binary log
 *   shop-schema-create.sql               the database, its sequences and libraries
 *   shop.orders-schema.sql               a table
 *   shop.orders.00000.sql                its rows, the first part
 *   shop-schema-post.sql                 routines
 *   shop.recent-schema-view.sql          views
 *   shop.orders-schema-triggers.sql      triggers of a table
 *   shop.~events-schema-triggers.sql     events: myloader loads triggers last of all, and no table is called so in a file's name
 *   server/accounts.sql                  what belongs to no database is in a folder, where myloader does not look
 */
export class Paths {
  readonly #databases: Map<string, string>
  readonly #tables = new Map<string, Map<string, string>>()

  constructor(databases: string[], tables: TableName[]) {
    this.#databases = fileNames(databases)
    const names = new Map<string, string[]>()
    for (const { database, table } of tables) {
      const list = names.get(database)
      if (list) list.push(table)
      else names.set(database, [table])
    }
    for (const [database, list] of names) this.#tables.set(database, fileNames(list))
  }

  /** @param suffix e.g. `-schema-post.sql` */
  ofDatabase(database: string, suffix: string): string {
    return `${this.#databases.get(database)}${suffix}`
  }

  /** @param suffix e.g. `-schema.sql` */
  ofTable(database: string, table: string, suffix: string): string {
    return `${this.#databases.get(database)}.${this.#tables.get(database)!.get(table)}${suffix}`
  }
}

/** @param part counted from 1 */
export function partSuffix(part: number): string {
  return `.${String(part - 1).padStart(5, '0')}.sql`
}
