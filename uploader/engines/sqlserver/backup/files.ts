import { text, textOrNull } from '../../row.ts'
import type { Row } from '../connection/server.ts'
import type { DatabaseFile } from '../restore/chain.ts'

/** Logical and physical names, for MOVE: from RESTORE FILELISTONLY, or named so. */
export function filesOf(rows: Row[]): DatabaseFile[] {
  return rows.map(row => ({
    logical: text(row, 'LogicalName'),
    physical: text(row, 'PhysicalName'),
    type: text(row, 'Type').trim(),
    bytes: textOrNull(row, 'Size'),
  }))
}
