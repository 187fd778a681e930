import type { Row, Server } from '../connection/server.ts'
import { headerHistory } from '../statements/header-history.ts'
import type { ExchangeFile } from './exchange.ts'

/** BackupType of a header, as the history has it. */
const types: Record<number, string> = { 1: 'D', 2: 'L', 5: 'I' }

/** A row as the history would have it, from the file's own header. */
export async function historyFromHeader(
  server: Server,
  { onServer }: ExchangeFile,
  major: number,
  signal: AbortSignal,
): Promise<Row> {
  const row = await server.one(headerHistory(major, onServer), { signal })
  return { ...row, type: types[Number(row.BackupType)] ?? '?' }
}
