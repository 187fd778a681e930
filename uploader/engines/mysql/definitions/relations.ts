import type { Server } from '../connection/server.ts'
import { quoteText } from '../sql/quote.ts'
import { text, textOrNull } from './text.ts'

/**
 * - `table`: its rows are read
 * - `structure`: a table whose rows are elsewhere (another server, other tables, nowhere)
 * - `broken`: the server itself cannot open it
 */
export type RelationKind = 'table' | 'structure' | 'view' | 'sequence' | 'broken'

export interface Relation {
  name: string
  kind: RelationKind
  engine: string | null
  /** Whether its rows are those of the moment, whatever is written meanwhile. */
  transactional: boolean
  /** Whether it keeps the former states of its rows (MariaDB's system versioning). */
  versioned: boolean
  /** The server's estimates. */
  rows: number
  bytes: number
  /** What tells a table that was dropped and made again from what it was. */
  created: string | null
  comment: string
}

const transactionalEngines = ['innodb', 'rocksdb', 'tokudb', 'ndbcluster']
/** Bytes a row takes at least. InnoDB counts rows as they come, but bytes only now and then. */
const leastRow = 40
const withoutOwnRows = ['mrg_myisam', 'federated', 'connect', 'spider', 'blackhole', 's3', 'oqgraph', 'sphinx']

/** Tables, views and sequences of one database, or the one of them that is named. */
export async function listRelations(server: Server, database: string, name?: string): Promise<Relation[]> {
  const named = name === undefined ? '' : ` AND TABLE_NAME = ${quoteText(name)}`
  const rows =
    await server.query(`SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, DATA_LENGTH, CREATE_TIME, TABLE_COMMENT
    FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${quoteText(database)}${named} ORDER BY TABLE_NAME`)
  // The comparison of information_schema ignores case.
  return rows
    .filter(row => text(row, 'TABLE_SCHEMA') === database)
    .map(row => {
      const type = text(row, 'TABLE_TYPE')
      const engine = textOrNull(row, 'ENGINE')
      const lower = engine?.toLowerCase() ?? ''
      const estimatedRows = Number(textOrNull(row, 'TABLE_ROWS') ?? 0)
      return {
        name: text(row, 'TABLE_NAME'),
        kind: kindOf(type, engine),
        engine,
        transactional: transactionalEngines.includes(lower),
        versioned: type === 'SYSTEM VERSIONED',
        rows: estimatedRows,
        bytes: Math.max(Number(textOrNull(row, 'DATA_LENGTH') ?? 0), estimatedRows * leastRow),
        created: textOrNull(row, 'CREATE_TIME'),
        comment: textOrNull(row, 'TABLE_COMMENT') ?? '',
      }
    })
}

function kindOf(type: string, engine: string | null): RelationKind {
  if (type === 'VIEW' || type === 'SYSTEM VIEW') return 'view'
  if (type === 'SEQUENCE') return 'sequence'
  if (engine === null) return 'broken'
  return withoutOwnRows.includes(engine.toLowerCase()) ? 'structure' : 'table'
}
