import type { Flavour } from '../inventory.ts'
import { ServerError } from '../wire/server-error.ts'
import type { Server } from './server.ts'

/**
 * A session for reading: the server converts nothing (`character_set_results = NULL` hands out the very bytes of a column), speaks
 * UTC, and waits for a reader that staging or network hold up.
 */
export async function prepareReading(server: Server, flavour: Flavour): Promise<void> {
  await server.query('SET NAMES utf8mb4')
  await server.query(`SET SESSION autocommit = 1, sql_mode = '', time_zone = '+00:00', character_set_results = NULL, sql_quote_show_create = 1,
    net_read_timeout = 86400, net_write_timeout = 86400, wait_timeout = 86400`)
  const special =
    flavour === 'mariadb'
      ? ['max_statement_time = 0']
      : [
          'max_execution_time = 0',
          'information_schema_stats_expiry = 0',
          'print_identified_with_as_hex = 1',
          'show_create_table_skip_secondary_engine = 0',
          'show_gipk_in_create_table_and_information_schema = 1',
          "explain_format = 'TRADITIONAL'",
        ]
  for (const setting of [...special, 'wsrep_sync_wait = 0', 'idle_transaction_timeout = 0']) {
    await server.query(`SET SESSION ${setting}`).catch(error => {
      if (!(error instanceof ServerError && error.errno === unknownVariable)) throw error
    })
  }
}

const unknownVariable = 1193
