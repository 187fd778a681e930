import type { Finding } from '../../engine.ts'
import { inspect } from '../inspect.ts'
import { treatmentOf } from '../plan/treatment.ts'
import type { Settings } from '../settings.ts'

/** Databases whose logs Exchange removes by itself. */
export async function checkLogs(settings: Settings, _pause: number, signal: AbortSignal): Promise<Finding[]> {
  const inventory = await inspect(settings, signal)
  const taken = inventory.databases.filter(database => treatmentOf(database, inventory).how === 'back-up')
  const circular = taken.filter(database => database.circular).map(({ name }) => name)
  if (circular.length === 0) return []
  const all = circular.length === taken.length
  return [
    {
      code: 'exchange-circular-logging',
      grave: all,
      what: `Log runs do not hold ${circular.join(', ')}`,
      why: `circular logging is on: Exchange removes their logs by itself${all ? ', so that every log run is refused' : ''}`,
      fix: 'Run Set-MailboxDatabase NAME -CircularLoggingEnabled $false, mount it again (outside a DAG), and take a full backup; or take log out of the schedule',
    },
  ]
}
