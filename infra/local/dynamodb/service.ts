import type { Database } from './database.ts'
import type { Tokens } from './items/tokens.ts'
import type { Tables } from './tables/tables.ts'

/** What every operation works on. */
export interface Service {
  database: Database
  tables: Tables
  tokens: Tokens
  now: () => Date
}
