import type { Server } from '../connection/server.ts'
import type { Inventory } from '../inventory.ts'
import type { Place } from '../position.ts'
import type { Selection } from '../selection/selection.ts'

/**
 * How all readers come to see the very same moment, in the order in which they are tried; the account's rights decide.
 *
 * | mode             | needs                   | writers wait      | log position exact            |
 * |------------------|-------------------------|-------------------|-------------------------------|
 * | instance-lock    | MySQL 8, BACKUP_ADMIN, RELOAD or LOCK TABLES | milliseconds | yes; DDL waits for the whole dump |
 * | backup-stage     | MariaDB 10.5, RELOAD    | commits, ms       | yes                           |
 * | global-read-lock | RELOAD                  | milliseconds      | yes                           |
 * | optimistic       | MariaDB, a binary log   | never             | yes, if no write came between |
 * | table-locks      | LOCK TABLES             | milliseconds      | yes                           |
 * | single           | SELECT                  | never             | MariaDB yes, MySQL none       |
 */
export type Mode = 'instance-lock' | 'backup-stage' | 'global-read-lock' | 'optimistic' | 'table-locks' | 'single'

export interface TableName {
  database: string
  table: string
}

export interface Moment {
  mode: Mode
  /** The connections whose transactions see the moment. */
  readers: Server[]
  /** Null where no binary log is written or its position may not be read. */
  log: { file: string; offset: string } | null
  /** Which history of the log that is; left out where there is none. */
  place?: Place
  gtid: string | null
  /** XA transactions that were prepared and not ended: no log can be replayed from here. */
  prepared: string[]
  /** Of a replica: where it has got to in the logs of its sources. */
  replicaOf: string | null
  /** Server time in UTC with microseconds, `2026-11-22T10:15:00.000000Z`: everything committed before it is in. */
  time: string
  /** Those that are chosen. */
  databases: string[]
  /** Every table, view and sequence there was of those that are chosen. */
  tables: TableName[]
  /** What there was besides. */
  others: { databases: string[]; tables: TableName[] }
  /** Lets go of what is held for the whole dump. */
  release(): Promise<void>
}

export interface Taking {
  inventory: Inventory
  selection: Selection
  /** Takes and releases the locks. */
  control: Server
  /** Connections without a transaction. */
  readers: Server[]
  signal: AbortSignal
  warn(code: string, message: string): void
  sleep(milliseconds: number): Promise<void>
}

/** One way to take the moment; undefined where the account may not, or the server cannot. */
export type Way = (taking: Taking) => Promise<Moment | undefined>
