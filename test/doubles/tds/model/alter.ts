import type { Database, RecoveryModel } from './database.ts'

/**
 * SIMPLE cuts the log chain at once; FULL begins none before a data backup is taken.
 * Source: Microsoft, "View or change the recovery model of a database (SQL Server)", after switching; reference 1.C, promotion table.
 */
export function setRecovery(database: Database, model: RecoveryModel): void {
  database.recovery = model
  if (model !== 'SIMPLE') return
  database.logBackupLsn = null
  database.logChainBegins = true
}
