import type { Server } from '../connection/server.ts'
import type { Flavour } from '../inventory.ts'
import { whenDenied } from '../wire/server-error.ts'

export interface LogFile {
  name: string
  size: number
}

/** What a server says of its binary logs. */
export interface LogState {
  format: 'ROW' | 'MIXED' | 'STATEMENT'
  /** FULL, or what of a row the log may lack. */
  rowImage: string
  encrypted: boolean
  /** Databases that the log leaves out, or the only ones it holds; as the configuration says it. */
  filters: string[]
  /** Oldest first; null where the account may not list them. */
  files: LogFile[] | null
}

export async function readLogState(server: Server, flavour: Flavour, release: number): Promise<LogState> {
  const rows = await server.query(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('binlog_format', 'binlog_row_image', 'encrypt_binlog')",
  )
  const variables = new Map(rows.map(row => [row.Variable_name!.toString(), row.Value!.toString()]))
  const listed = await server.query('SHOW BINARY LOGS').catch(whenDenied)
  const status = await server.one(statusStatement(flavour, release)).catch(whenDenied)
  const format = variables.get('binlog_format') ?? 'ROW' // a server that has no other way no longer says so
  return {
    format: format === 'STATEMENT' || format === 'MIXED' ? format : 'ROW',
    rowImage: variables.get('binlog_row_image') ?? 'FULL',
    encrypted:
      variables.get('encrypt_binlog') === 'ON' || (listed ?? []).some(row => row.Encrypted?.toString() === 'Yes'),
    filters: [
      ...(status?.Binlog_Do_DB ? [`binlog_do_db = ${status.Binlog_Do_DB}`] : []),
      ...(status?.Binlog_Ignore_DB ? [`binlog_ignore_db = ${status.Binlog_Ignore_DB}`] : []),
    ],
    files: listed?.map(row => ({ name: row.Log_name!.toString(), size: Number(row.File_size!.toString()) })) ?? null,
  }
}

/** File and position that the server writes at; undefined where the account may not know. */
export async function endOfLogs(
  server: Server,
  flavour: Flavour,
  release: number,
): Promise<{ file: string; offset: number; gtid: string } | undefined> {
  const status = await server.one(statusStatement(flavour, release)).catch(whenDenied)
  if (!status?.File || !status.Position) return undefined
  return {
    file: status.File,
    offset: Number(status.Position),
    gtid: status.Executed_Gtid_Set?.replaceAll('\n', '') ?? '',
  }
}

/** MySQL 8.2 gave it another name, and 8.4 took the old one away. */
export function statusStatement(flavour: Flavour, release: number): string {
  return flavour === 'mysql' && release >= 80_200 ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS'
}
