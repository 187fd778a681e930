import type { TableName } from '../moment/moment.ts'
import { fileNames } from '../sql/file-name.ts'

/** Names of the artefacts: a folder for each database, files that name their table, all readable and safe on any system. */
export class Paths {
  readonly #folders: Map<string, string>
  readonly #tables = new Map<string, Map<string, string>>()

  constructor(databases: string[], tables: TableName[]) {
    this.#folders = fileNames(databases)
    const names = new Map<string, string[]>()
    for (const { database, table } of tables) {
      const list = names.get(database)
      if (list) list.push(table)
      else names.set(database, [table])
    }
    for (const [database, list] of names) this.#tables.set(database, fileNames(list))
  }

  /** @param file e.g. `views.sql` */
  inDatabase(database: string, file: string): string {
    return `${this.#folders.get(database)}/${file}`
  }

  /** @param suffix e.g. `schema.sql` */
  ofTable(database: string, table: string, suffix: string): string {
    return `${this.#folders.get(database)}/${this.#tables.get(database)!.get(table)}.${suffix}`
  }
}

export function partSuffix(part: number): string {
  return `${String(part).padStart(5, '0')}.sql`
}
