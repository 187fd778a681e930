import type { Engine } from '../engine.ts'
import { checkLogs } from './check-logs.ts'
import { checkRights } from './check-rights.ts'
import { begin } from './dump/begin.ts'
import { inspect } from './inspect.ts'
import type { Inventory } from './inventory.ts'
import { beginLog } from './log/begin.ts'
import { beginPhysical } from './physical/begin.ts'
import { plan } from './plan.ts'
import { restore } from './restore/restore.ts'
import { warnOfChange } from './selection/changed.ts'
import { Settings } from './settings.ts'

/**
 * MySQL 5.7 and later, MariaDB 10.2 and later: full backups as SQL text and binary logs as they are, read without any client program; or, with
 * `method: physical`, copies of the data files by the server's own backup program.
 */
export const mysql: Engine<Settings, Inventory> = {
  kind: 'mysql',
  settings: Settings,
  inspect,
  plan,
  begin(settings, plan, context) {
    const last = plan.continues?.[0]
    warnOfChange(settings, plan.kind, plan.lastFull?.[0], context.warn)
    if (plan.kind === 'log' && last) return beginLog(settings, last, context)
    return settings.method === 'physical' ? beginPhysical(settings, plan, context) : begin(settings, context, { last })
  },
  checkRights,
  checkLogs,
  serviceNeeds: async ({ method, connection: { passwordFile, socketPath, tls } }) => ({
    secrets: [passwordFile],
    reached: [socketPath, tls?.caFile],
    ...(method === 'physical' && { root: 'it copies the data files of the server' }),
  }),
  restore,
}
