import type { BackupContext } from '../../engine.ts'
import type { Server } from '../connection/server.ts'
import { inComment } from '../sql/quote.ts'

/** What a server can hold beside its databases and accounts that this backup does not take: it is named, so that nobody misses it later. */
const kinds = [
  { table: 'func', column: 'name', words: 'functions loaded from libraries (CREATE FUNCTION … SONAME)' },
  { table: 'servers', column: 'Server_name', words: 'definitions of other servers (CREATE SERVER)' },
] as const

export async function warnOfLeftOut(server: Server, warn: BackupContext['warn']): Promise<void> {
  for (const { table, column, words } of kinds) {
    const rows = await server.query(`SELECT ${column} AS name FROM mysql.${table} ORDER BY 1`)
    if (rows.length === 0) continue
    const names = rows.map(row => inComment(row.name?.toString() ?? '')).join(', ')
    warn('not-backed-up', `${words} are not in the backup; make them again by hand after a restore: ${names}`)
  }
}
