import type { Finding } from '../../engine.ts'
import { text } from '../../row.ts'
import { loginOf } from '../connection/login.ts'
import { withSession } from '../connection/with-session.ts'
import type { Settings } from '../settings.ts'
import { database, parameters } from '../statements/discovery.ts'

const day = 86_400

/** Whether the control file remembers archived logs for as long as there is between two log runs. @param pause seconds */
export async function checkLogs(settings: Settings, pause: number, signal: AbortSignal): Promise<Finding[]> {
  return withSession(await loginOf(settings.connection, signal), signal, async session => {
    if (text(await session.one(database), 'log_mode') !== 'ARCHIVELOG') return [noLogs]
    const rows = await session.query(parameters)
    const kept = rows.find(row => text(row, 'name') === 'control_file_record_keep_time')
    const seconds = Number(kept?.value ?? 7) * day
    if (seconds >= 2 * pause) return []
    return [
      {
        code: 'oracle-logs-forgotten',
        grave: false,
        what: `The database may forget archived logs after ${seconds / day} days`,
        why: `two log runs can be ${Math.ceil(pause / 3600)} hours apart, and what is forgotten makes the next one a full`,
        fix: `Run as an administrator: ALTER SYSTEM SET control_file_record_keep_time = ${Math.ceil((2 * pause) / day)}`,
      },
    ]
  })
}

const noLogs: Finding = {
  code: 'oracle-noarchivelog-log',
  grave: true,
  what: 'Logs are scheduled, and the database runs in NOARCHIVELOG mode',
  why: 'it has none that could be backed up, and each log run fails',
  fix: 'Leave out schedule.log, or have it archive: SHUTDOWN IMMEDIATE; STARTUP MOUNT; ALTER DATABASE ARCHIVELOG; ALTER DATABASE OPEN',
}
