import type { Engine } from '../engine.ts'
import { checkLogs } from './doctor/check-logs.ts'
import { checkRights } from './doctor/check-rights.ts'
import { begin } from './full/begin.ts'
import { committedLate } from './full/noted.ts'
import { inspect } from './inspect.ts'
import type { Inventory } from './inventory.ts'
import { plan } from './plan/plan.ts'
import { recover } from './recover.ts'
import { restore } from './restore/restore.ts'
import { Settings } from './settings.ts'

/** Exchange 2016, 2019 and SE, on the Exchange server itself: with shadow copies by diskshadow in full, and its closed logs between fulls. */
export const exchange: Engine<Settings, Inventory> = {
  kind: 'exchange',
  settings: Settings,
  inspect,
  plan,
  begin,
  committedLate,
  recover: (_settings, { scratches }, signal) => recover(scratches, signal),
  checkRights,
  checkLogs,
  restore,
}
