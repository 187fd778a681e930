import type { Engine } from '../engine.ts'
import { type BeginOptions, begin } from './backup/begin.ts'
import { committed } from './backup/committed.ts'
import { checkLogs } from './doctor/check-logs.ts'
import { checkRights } from './doctor/check-rights.ts'
import { inspect } from './inspect.ts'
import type { Inventory } from './inventory.ts'
import { plan } from './plan/plan.ts'
import { restore } from './restore/restore.ts'
import { serviceNeeds } from './service-needs.ts'
import { Settings } from './settings.ts'

/**
 * HCL Domino on the machine that it runs on: through the Notes API, in a process of its own, each database becomes a copy of one moment, and the archived
 * transaction log leads on from there.
 * @param options for whoever starts the helper in another way
 */
export function newDomino(options: BeginOptions = {}): Engine<Settings, Inventory> {
  return {
    kind: 'domino',
    settings: Settings,
    inspect: (settings, signal) => inspect(settings, signal, options),
    plan,
    begin: (settings, plan, context) => begin(settings, plan, context, options),
    committed: (settings, stored, signal) => committed(settings, stored, signal, options),
    checkRights: (settings, signal) => checkRights(settings, signal, options),
    checkLogs: (settings, _pause, signal) => checkLogs(settings, signal, options),
    serviceNeeds,
    restore: (input, context) => restore(input, context, options),
  }
}

export const domino = newDomino()
