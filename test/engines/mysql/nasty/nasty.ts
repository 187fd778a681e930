import type { Connection } from 'mysql2/promise'
import type { Release } from '../../../support/database.ts'

/** What the parts of the nasty schema are made with. */
export interface Nasty {
  release: Release
  run(sql: string, values?: unknown[]): Promise<unknown>
  all(...statements: string[]): Promise<void>
  /** A table to select whole numbers `seq` from: MariaDB's own, or a recursive one. */
  numbers(from: number, to: number): string
}

export const awkward =
  'quote \' double " back \\ slash\nline\r\n\ttab \0 nul \x1a eof ` tick; -- no comment /* */ \u2028 😀𝄞é'

export const quote = (text: string) => `\`${text.replaceAll('`', '``')}\``

export const isMysql = ({ release }: Pick<Nasty, 'release'>) => release.startsWith('mysql')

export function nastyOn(connection: Connection, release: Release): Nasty {
  const run = (sql: string, values?: unknown[]) => connection.query(sql, values)
  return {
    release,
    run,
    async all(...statements) {
      for (const statement of statements) await run(statement)
    },
    numbers: (from, to) =>
      isMysql({ release })
        ? `(WITH RECURSIVE n (seq) AS (SELECT ${from} UNION ALL SELECT seq + 1 FROM n WHERE seq < ${to}) SELECT seq FROM n) AS numbers`
        : `seq_${from}_to_${to}`,
  }
}
