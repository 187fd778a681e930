import type { Server } from '../connection/server.ts'
import { quoteText } from '../sql/quote.ts'
import type { ColumnFormat } from '../wire/column.ts'
import { text, textOrNull } from './text.ts'

export interface Column extends ColumnFormat {
  name: string
  /** e.g. `varchar`, in lower case. */
  type: string
  unsigned: boolean
  characterSet: string | null
}

const numbers = ['tinyint', 'smallint', 'mediumint', 'int', 'integer', 'bigint', 'decimal', 'numeric', 'year']
/** Their bytes as utf8mb4 are what they are. */
const subsets = ['utf8mb4', 'utf8mb3', 'utf8', 'ascii']
/** They may be long, and a server counts the letters of each literal in UTF-8. Bytes are put into such a column as they are. */
const texts = ['tinytext', 'text', 'mediumtext', 'longtext']
const bytes = [
  ...['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'vector'],
  ...['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon'],
  ...['geometrycollection', 'geomcollection'],
]

/** The columns whose values a row is made of, invisible ones too; what the server generates is left out. */
export async function listColumns(server: Server, database: string, table: string): Promise<Column[]> {
  const rows =
    await server.query(`SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, EXTRA
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${quoteText(database)} AND TABLE_NAME = ${quoteText(table)}
    ORDER BY ORDINAL_POSITION`)
  return rows
    .filter(row => text(row, 'TABLE_SCHEMA') === database && text(row, 'TABLE_NAME') === table)
    .filter(row => !/\b(VIRTUAL|STORED|PERSISTENT)\b/i.test(text(row, 'EXTRA')))
    .map(row => {
      const name = text(row, 'COLUMN_NAME')
      const type = text(row, 'DATA_TYPE').toLowerCase()
      const characterSet = textOrNull(row, 'CHARACTER_SET_NAME')
      return {
        name,
        type,
        unsigned: /\bunsigned\b/i.test(text(row, 'COLUMN_TYPE')),
        characterSet,
        ...formatOf(type, characterSet),
      }
    })
}

/** Approximate numbers are quoted: `-0` without quotes would be an integer, which has no such zero. */
function formatOf(type: string, characterSet: string | null): ColumnFormat {
  if (numbers.includes(type)) return { form: 'digits', introducer: '' }
  if (type === 'bit') return { form: 'hex', introducer: '' }
  if (bytes.includes(type) || characterSet === 'binary') return { form: 'quoted', introducer: '_binary' }
  if (characterSet === null || subsets.includes(characterSet))
    return { form: 'quoted', introducer: texts.includes(type) ? '_binary' : '' }
  return { form: 'quoted', introducer: `_${characterSet}` }
}
