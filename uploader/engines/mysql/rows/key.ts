import type { Server } from '../connection/server.ts'
import type { Column } from '../definitions/columns.ts'
import { text, textOrNull } from '../definitions/text.ts'
import { quoteText } from '../sql/quote.ts'

/** What a table is cut into ranges by. */
export interface Key {
  index: string
  columns: Column[]
}

const whole = ['tinyint', 'smallint', 'mediumint', 'int', 'integer', 'bigint']
/** Types whose literals compare as the index is ordered. (ENUM, SET and BIT do not, approximate numbers may not.) */
const ordered = [
  ...whole,
  ...['decimal', 'numeric', 'year', 'date', 'time', 'datetime', 'timestamp'],
  ...['char', 'varchar', 'binary', 'varbinary', 'uuid', 'inet4', 'inet6'],
]

export function isWhole(column: Column): boolean {
  return whole.includes(column.type)
}

/** The primary key, or another unique one without NULL, if it can be compared; else undefined and the table is read in one go. */
export async function readKey(
  server: Server,
  database: string,
  table: string,
  columns: Column[],
): Promise<Key | undefined> {
  const rows =
    // Which column says that FORCE INDEX may not name an index depends on the server.
    await server.query(`SELECT * FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA = ${quoteText(database)} AND TABLE_NAME = ${quoteText(table)} AND NON_UNIQUE = 0
    ORDER BY INDEX_NAME = 'PRIMARY' DESC, INDEX_NAME, SEQ_IN_INDEX`)
  const indexes = new Map<string, (Column | undefined)[]>()
  for (const row of rows) {
    if (text(row, 'TABLE_SCHEMA') !== database || text(row, 'TABLE_NAME') !== table) continue
    const column = columns.find(({ name }) => name === textOrNull(row, 'COLUMN_NAME'))
    const usable =
      column &&
      ordered.includes(column.type) &&
      !row.SUB_PART &&
      textOrNull(row, 'NULLABLE') !== 'YES' &&
      text(row, 'INDEX_TYPE') === 'BTREE' &&
      textOrNull(row, 'IGNORED') !== 'YES' && // MariaDB 10.6
      textOrNull(row, 'IS_VISIBLE') !== 'NO' // MySQL 8
    const index = text(row, 'INDEX_NAME')
    indexes.set(index, [...(indexes.get(index) ?? []), usable ? column : undefined])
  }
  for (const [index, parts] of indexes) {
    const key = usableColumns(parts)
    if (key) return { index, columns: key }
  }
  return undefined
}

/** A whole number in front is enough to cut by (its values need not be unique); else all columns must be comparable. */
function usableColumns(parts: (Column | undefined)[]): Column[] | undefined {
  const [first] = parts
  if (!first) return undefined
  if (isWhole(first)) return parts.length === 1 ? [first] : parts.every(part => part) ? (parts as Column[]) : [first]
  return parts.every(part => part) ? (parts as Column[]) : undefined
}
