import { OraError } from '../ora.ts'
import { has, type SessionState } from '../session/session.ts'
import type { Table } from '../sql/scope.ts'
import { databaseViews } from './database-views.ts'
import { fileViews } from './file-views.ts'
import { logViews } from './log-views.ts'
import { userViews } from './user-views.ts'
import type { View } from './view.ts'

const views: Record<string, View> = { ...databaseViews, ...fileViews, ...logViews, ...userViews }

/**
 * The rows of a view, as far as the session sees it: V$ views go by the names of what is behind them as well (SYS.V_$DATABASE), and GV$ views
 * add the number of an instance.
 *
 * @returns null where there is no such view, or the session may not see it
 * @throws OraError 1219 for what is stored in the database itself, which has to be open for that
 */
export function readView(session: SessionState, name: string): Table | null {
  const plain = name.replace(/^(SYS|PUBLIC)\./, '').replace(/^(G?V)_\$/, '$1$')
  const found = views[plain] ?? (plain.startsWith('GV$') ? views[plain.slice(1)] : undefined)
  if (!found || !(found.open || has(session, 'SELECT ANY DICTIONARY'))) return null
  if (session.database.status !== 'OPEN' && !/^(G?V\$|DUAL$)/.test(plain))
    throw new OraError(1219, 'database or pluggable database not open: queries allowed on fixed tables or views only')
  const table = found.read(session)
  if (plain in views || !plain.startsWith('GV$')) return table
  return {
    columns: [{ name: 'INST_ID', type: 'NUMBER' }, ...table.columns],
    rows: table.rows.map(row => [BigInt(session.thread), ...row]),
  }
}
