import type { Database } from '../model/database.ts'
import { LogFull } from '../model/logs.ts'
import { OraError } from '../ora.ts'
import { requireOpen } from './backup-mode.ts'

/**
 * ALTER SYSTEM ARCHIVE LOG CURRENT: every enabled thread goes on in its next log, and the command ends when all are archived; while a destination
 * is full it waits.
 *
 * @see SQL Language Reference, "ALTER SYSTEM", archive_log_clause; [reference 2.G 31]
 */
export async function archiveLogCurrent(database: Database, signal: AbortSignal): Promise<void> {
  requireOpen(database)
  if (!database.archiveLog) throw new OraError(258, 'manual archiving in NOARCHIVELOG mode must identify log')
  for (const { number, enabled } of database.logs.threads) if (enabled) await switchThread(database, number, signal)
  await untilArchived(database, signal)
}

/** ALTER SYSTEM SWITCH LOGFILE: of one thread, without waiting for the archiver. */
export async function switchLogFile(database: Database, thread: number, signal: AbortSignal): Promise<void> {
  requireOpen(database)
  await switchThread(database, thread, signal)
}

async function switchThread(database: Database, thread: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      database.logs.switch(thread)
      database.checkpoint()
      return
    } catch (error) {
      if (!(error instanceof LogFull)) throw error
      await untilArchived(database, signal)
    }
  }
}

async function untilArchived(database: Database, signal: AbortSignal): Promise<void> {
  try {
    await database.logs.untilArchived(signal)
  } catch (error) {
    if (!signal.aborted) throw error
    throw new OraError(1013, 'user requested cancel of current operation')
  }
}

/** What an ordinary user is told who logs on while nothing can be archived. */
export function requireArchiver({ logs, archiveLog }: Database): void {
  if (archiveLog && logs.destinations.some(({ full }) => full))
    throw new OraError(257, 'Archiver error. Connect AS SYSDBA only until resolved.')
}
