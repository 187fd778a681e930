import type { CommittedSnapshot } from '../snapshot.ts'
import { byReceipt } from './history.ts'

/**
 * The units a restore to `at` (or to the latest state) is about when nobody names them. A snapshot of kind `full` names every unit
 * of its source, so it is those of the newest one at or before the moment, and those that later snapshots of the data lane added.
 */
export function unitsAt(snapshots: CommittedSnapshot[], at: string | undefined): string[] {
  const units = new Set<string>()
  for (const snapshot of dataBefore(snapshots, at)) {
    for (const { unit } of snapshot.units) units.add(unit)
    if (snapshot.kind === 'full') break
  }
  return [...units].sort()
}

/**
 * Whether these snapshots of the data lane, the newest so far, hold a start for every unit: then older ones need not be read
 * to plan a restore to `at` or to the latest state.
 */
export function holdsStarts(snapshots: CommittedSnapshot[], at: string | undefined, units?: string[]): boolean {
  const known = dataBefore(snapshots, at)
  if (!units && !known.some(({ kind }) => kind === 'full')) return false
  const wanted = new Set(units ?? unitsAt(snapshots, at))
  for (const { bad, units } of known)
    for (const { unit, kind, covers } of units)
      if (kind === 'full' && !bad && isBefore(covers.to, at)) wanted.delete(unit)
  return wanted.size === 0
}

function dataBefore(snapshots: CommittedSnapshot[], at: string | undefined): CommittedSnapshot[] {
  return snapshots
    .filter(({ lane, units }) => lane === 'data' && units.some(({ covers }) => isBefore(covers.to, at)))
    .sort((a, b) => byReceipt(b, a))
}

function isBefore(instant: string, at: string | undefined): boolean {
  return at === undefined || Date.parse(instant) <= Date.parse(at)
}
