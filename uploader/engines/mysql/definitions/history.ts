import type { Server } from '../connection/server.ts'
import { quoteName, quoteText } from '../sql/quote.ts'
import type { Column } from './columns.ts'
import { text, textOrNull } from './text.ts'

/** From when to when each state of a row was the current one: the columns of MariaDB's system versioning. */
export interface History {
  start: Column
  end: Column
  /**
   * Holds for former states: what is current ends at the last moment the server knows. A state that began and ended in the same moment was never
   * to be seen at any time, and no server takes it back.
   */
  former: string
}

/** MariaDB 10.11 takes former states back (system_versioning_insert_history). */
export const leastReleaseOfHistory = 101_100

/** @returns undefined where states are numbered by transactions, which mean nothing to another server */
export async function readHistory(server: Server, database: string, table: string): Promise<History | undefined> {
  const rows = await server.query(`SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, GENERATION_EXPRESSION
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${quoteText(database)} AND TABLE_NAME = ${quoteText(table)}
    AND GENERATION_EXPRESSION IN ('ROW START', 'ROW END')`)
  const named = rows.filter(row => text(row, 'TABLE_SCHEMA') === database && text(row, 'TABLE_NAME') === table)
  if (named.some(row => text(row, 'DATA_TYPE').toLowerCase() !== 'timestamp')) return undefined
  const columnOf = (expression: string, name: string) => {
    const row = named.find(candidate => textOrNull(candidate, 'GENERATION_EXPRESSION') === expression)
    return timestamp(row ? text(row, 'COLUMN_NAME') : name)
  }
  const start = columnOf('ROW START', 'row_start')
  const end = columnOf('ROW END', 'row_end')
  return {
    start,
    end,
    former: `${quoteName(end.name)} < '${await lastMoment(server)}' AND ${quoteName(start.name)} < ${quoteName(end.name)}`,
  }
}

/** MariaDB 11.5 on 64 bits knows times behind 2038. */
async function lastMoment(server: Server): Promise<string> {
  const row = await server.one('SELECT FROM_UNIXTIME(2147483648) later')
  return row?.later ? '2106-02-07 06:28:15.999999' : '2038-01-19 03:14:07.999999'
}

function timestamp(name: string): Column {
  return {
    name,
    type: 'timestamp',
    unsigned: false,
    characterSet: null,
    form: 'quoted',
    introducer: '',
  }
}
