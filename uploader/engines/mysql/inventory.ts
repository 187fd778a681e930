import type { LogState } from './log/state.ts'
import type { Machine } from './physical/machine.ts'

export type Flavour = 'mysql' | 'mariadb'

/** What `inspect` learns of a server. */
export interface Inventory {
  flavour: Flavour
  /** As the server says it, e.g. `10.11.19-MariaDB-log`. */
  version: string
  /** major * 10000 + minor * 100 + patch, e.g. 101119 or 80036. */
  release: number
  serverId: string
  /** MySQL only. */
  serverUuid: string | null
  hostname: string
  port: string
  dataDirectory: string
  lowerCaseTableNames: number
  /** The base name of the binary logs, e.g. `binlog`; null where the server writes none. */
  logBase: string | null
  /** Null where the server writes no binary log. */
  log: LogState | null
  databases: string[]
  /** Bytes of the rows of all tables that are chosen, as the server estimates them. */
  dataBytes: number
  /** Rights the account has on everything, e.g. `SELECT`; `ALL PRIVILEGES` stands for all. */
  rights: string[]
  account: { user: string; host: string }
  /** With `method: physical` only. */
  physical?: Machine
}

export function has(inventory: Inventory, ...rights: string[]): boolean {
  return inventory.rights.includes('ALL PRIVILEGES') || rights.every(right => inventory.rights.includes(right))
}
