import type { Finding } from '../../engine.ts'
import { inspect } from '../inspect.ts'
import { systemDatabases } from '../inventory.ts'
import { namesOf } from '../plan/words.ts'
import type { Settings } from '../settings.ts'

/** Databases whose logs the scheduled log runs do not hold. */
export async function checkLogs(settings: Settings, _pause: number, signal: AbortSignal): Promise<Finding[]> {
  if (settings.coexist)
    return [
      {
        code: 'sqlserver-coexist-logs',
        grave: true,
        what: 'Log runs are scheduled, and with coexist each of them becomes a full',
        why: 'a log backup of ours would be missing in the chain of the other product',
        fix: 'Take log out of the schedule, or leave the whole chain to failsafe and take coexist out',
      },
    ]
  const { databases } = await inspect(settings, signal)
  const own = databases.filter(({ name, isSnapshot }) => !systemDatabases.includes(name) && !isSnapshot)
  const simple = own.filter(({ recovery }) => recovery === 'SIMPLE').map(({ name }) => name)
  if (simple.length === 0) return []
  const all = simple.length === own.length
  return [
    {
      code: 'sqlserver-recovery-simple',
      grave: false,
      what: `Log runs do not hold ${namesOf(simple)}`,
      why: `the recovery model is SIMPLE, so ${all ? 'each log run becomes a differential' : 'they can be restored to full and differential backups only'}`,
      fix: 'Set it to FULL where any moment is to be restored (ALTER DATABASE … SET RECOVERY FULL), and take a full backup',
    },
  ]
}
