import type { Engine } from '../engine.ts'
import { begin } from './backup/begin.ts'
import { committed } from './backup/committed.ts'
import { recover } from './backup/recover.ts'
import { checkLogs } from './doctor/check-logs.ts'
import { checkRights } from './doctor/check-rights.ts'
import { inspect } from './inspect.ts'
import type { Inventory } from './inventory.ts'
import { plan } from './plan/plan.ts'
import { restore } from './restore/restore.ts'
import { Settings } from './settings.ts'

/**
 * Oracle 12.1 and later, read on this machine or through the connection alone: a full is a copy of all data files in backup mode with the redo that makes
 * them consistent, control file and parameters; a log run takes the archived logs that are new.
 */
export const oracle: Engine<Settings, Inventory> = {
  kind: 'oracle',
  settings: Settings,
  inspect,
  plan,
  begin,
  committed,
  recover: (settings, { undo }, signal) => recover(settings, undo, signal),
  checkRights,
  checkLogs,
  serviceNeeds: async ({ connection: { passwordFile, tls }, directory, rman }) => ({
    writable: [directory],
    secrets: [passwordFile],
    reached: [tls?.wallet, tls?.caFile],
    // RMAN speaks with a server process that it starts: a program with the mode of the Oracle software's owner.
    ...(rman && { startsSetuid: true, sharesTemporary: true }),
  }),
  restore,
}
