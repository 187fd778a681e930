import type { LaneHeads } from '../../../../shared/snapshot.ts'
import type { Plan } from '../../engine.ts'
import type { Inventory } from '../inventory.ts'
import { isSameServer, unit } from '../position.ts'
import type { Machine } from './machine.ts'

/** What a physical backup keeps in `info` of its entry, for those that are taken on it. */
export const method = 'physical'

/** The full that a differential is taken on, or why only another full helps. */
export type Base =
  | { possible: true; base: NonNullable<Plan['base']>; lsn: string }
  | { possible: false; code: string; reason: string }

/**
 * From the newest full or differential alone: a differential names the full that it was taken on, and how far that one reached. That the log history
 * between the two is unbroken is looked at when the run begins.
 */
export function baseOf(inventory: Inventory, machine: Machine, { data }: LaneHeads): Base {
  const entry = data?.units.find(each => each.unit === unit)
  const snapshot = entry?.kind === 'full' ? data!.snapshot : entry?.base
  if (!entry || !snapshot) return no('NO_FULL', 'there is no full backup that a differential could be taken on')
  if (!isSameServer(entry.to.stream, inventory))
    return no('IDENTITY_CHANGED', 'the last full backup was taken of another server')
  const { info = {} } = entry
  const lsn = lsnOf(entry)
  if (info.method !== method || lsn === undefined)
    return no('BASE_LOGICAL', 'the last full backup was taken with method: logical')
  if (info.serverVersion !== inventory.version)
    return no(
      'VERSION_CHANGED',
      `the last full backup was taken of ${info.serverVersion}, and this is ${inventory.version}`,
    )
  if (info.instance !== machine.instance)
    return no('DATA_REPLACED', 'the data directory is another one than the last backup was taken of')
  if (BigInt(machine.lsn) < BigInt(info.toLsn!))
    return no(
      'LSN_BEHIND',
      `the redo log is at ${machine.lsn}, and was at ${info.toLsn} when the last backup was taken`,
    )
  return { possible: true, base: { snapshot, entry }, lsn }
}

/** Where the full reached that an entry is, or is taken on. */
export function lsnOf({ kind, info }: NonNullable<Plan['base']>['entry']): string | undefined {
  return kind === 'full' ? info?.toLsn : info?.fromLsn
}

function no(code: string, reason: string): Base {
  return { possible: false, code, reason: `${reason}, so everything is backed up` }
}
