import type { Engine } from '../engine.ts'
import { begin } from './backup/begin.ts'
import { checkLogs } from './doctor/check-logs.ts'
import { checkRights } from './doctor/check-rights.ts'
import { inspect } from './inspect.ts'
import type { Inventory } from './inventory.ts'
import { plan } from './plan/plan.ts'
import { restore } from './restore/restore.ts'
import { Settings } from './settings.ts'

/** SQL Server 2012 and later, on Windows and Linux: its own BACKUP writes a file for each database, which is verified by the server, sealed and removed. */
export const sqlserver: Engine<Settings, Inventory> = {
  kind: 'sqlserver',
  settings: Settings,
  inspect,
  plan,
  begin,
  checkRights,
  checkLogs,
  serviceNeeds: async ({ connection: { passwordFile, tls }, directory, door }) => ({
    writable: [directory],
    secrets: [passwordFile, door?.keyFile],
    reached: [tls.caFile, door?.certificateFile],
  }),
  restore,
}
