import type { Statement } from '../language/syntax.ts'
import { refused } from '../model/sql-error.ts'
import { convert } from '../query/convert.ts'
import type { Result } from '../query/table.ts'
import type { SqlType, SqlValue } from '../query/types.ts'

export interface TypedRow {
  types: SqlType[]
  values: SqlValue[]
}

/** What INSERT needs of the batch that it stands in. */
export interface Inserter {
  /** @throws SqlError 208, 1087 */
  target(table: Extract<Statement, { kind: 'insert' }>['table']): Result
  rows(source: Extract<Statement, { kind: 'insert' }>['source']): Promise<TypedRow[]>
}

/** @returns the rows that are there now and were not before. @throws SqlError 207, 213 */
export async function insert(statement: Extract<Statement, { kind: 'insert' }>, inserter: Inserter): Promise<number> {
  const target = inserter.target(statement.table)
  const places = statement.columns.map(name => {
    const at = target.columns.findIndex(column => column.name.toLowerCase() === name.toLowerCase())
    if (at < 0) throw refused(207, name)
    return at
  })
  const into = places.length > 0 ? places : target.columns.map((_, at) => at)
  const rows = await inserter.rows(statement.source)
  const made = rows.map(({ values, types }) => {
    if (values.length !== into.length) throw refused(213)
    const row: SqlValue[] = target.columns.map(() => null)
    for (const [at, place] of into.entries()) {
      row[place] = convert(values[at]!, types[at]!, target.columns[place]!.type)
    }
    return row
  })
  target.rows.push(...made)
  return made.length
}
