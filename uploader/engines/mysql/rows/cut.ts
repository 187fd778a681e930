import type { Server } from '../connection/server.ts'
import type { Relation } from '../definitions/relations.ts'
import { quoteName } from '../sql/quote.ts'
import type { Key } from './key.ts'

/** Lends a connection that sees the moment. */
export type Borrow = <T>(use: (server: Server) => Promise<T>) => Promise<T>

/** A table of `database` that is to be cut. */
export interface Cut {
  database: string
  table: Relation
  key: Key
  /** About as many rows as `rangeBytes` hold. */
  rows: number
}

/** Conditions for the rows before a bound, and from it on. */
export interface Bound {
  below: string
  from: string
}

export function tableOf({ database, table }: Cut): string {
  return `${quoteName(database)}.${quoteName(table.name)}`
}
