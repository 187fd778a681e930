import type { LaneHeads, UnitEntry } from '../../../../shared/snapshot.ts'
import { type DataFile, enabledThreads, type Inventory } from '../inventory.ts'
import { historyOf, isBefore, unitOf } from '../position.ts'

export interface Reason {
  code: string
  reason: string
}

/** What the logs of one thread go on from. */
export interface Behind {
  thread: number
  /** The last log, and the last full: one of them at least. */
  log: UnitEntry | undefined
  data: UnitEntry | undefined
}

/** Why the redo cannot be gone on with, as far as one look at the database tells; undefined where it can. */
export function whyNotLogs(inventory: Inventory, heads: LaneHeads): Reason | undefined {
  const { data } = heads
  if (!data || data.units.length === 0) return { code: 'NO_BASE', reason: 'there is no full backup of it' }
  const [first] = data.units
  const { info = {} } = first!
  if (!first!.to.stream.startsWith(`${inventory.id}/`))
    return { code: 'REPLACED', reason: 'it is another database than the one that was backed up (its DBID differs)' }
  if (info.uniqueName !== inventory.uniqueName)
    return { code: 'REPLACED', reason: `it is a copy of the database that was backed up (${info.uniqueName})` }
  if (!first!.to.stream.startsWith(`${historyOf(inventory)}/`))
    return { code: 'RESETLOGS', reason: 'it was opened with RESETLOGS since the last full backup' }
  if (info.closed === 'true')
    return { code: 'NO_BASE', reason: 'nothing was archived yet when the last full backup was taken' }
  const known = new Set(data.units.map(({ unit }) => unit))
  const enabled = enabledThreads(inventory)
  const added = enabled.find(thread => !known.has(unitOf(thread)))
  if (added !== undefined)
    return { code: 'THREAD_ADDED', reason: `redo thread ${added} was enabled since the last full backup` }
  if (enabled.length < known.size)
    return { code: 'THREAD_DISABLED', reason: 'a redo thread was disabled since the last full backup' }
  // Also one that came and went meanwhile: what was written in it is in no log of the threads that are backed up.
  const changed = inventory.threads.find(({ changedScn }) => isBefore(info.beginScn ?? '0', changedScn))
  if (changed)
    return {
      code: changed.enabled ? 'THREAD_ADDED' : 'THREAD_DISABLED',
      reason: `redo thread ${changed.number} was ${changed.enabled ? 'enabled' : 'disabled'} since the last full backup`,
    }
  const unlogged = unloggedSince(inventory, heads)
  if (unlogged && inventory.policy.nologging === 'promote')
    return {
      code: 'NOLOGGING',
      reason: `${unlogged.path} was written to without redo (NOLOGGING) since the last full backup: logs do not hold that`,
    }
  return undefined
}

/** A data file in which something lies that neither the last full nor redo since holds. */
export function unloggedSince({ dataFiles }: Inventory, { data }: LaneHeads): DataFile | undefined {
  const began = data?.units[0]?.info?.beginScn ?? '0'
  return dataFiles.find(({ unrecoverableScn }) => isBefore(began, unrecoverableScn))
}

/** What each enabled thread goes on from, of the database's present history. */
export function behindOf(inventory: Inventory, { data, log }: LaneHeads): Behind[] {
  return enabledThreads(inventory).map(thread => {
    const stream = `${historyOf(inventory)}/${thread}`
    const of = (head: LaneHeads['data']) =>
      head?.units.find(({ unit, to }) => unit === unitOf(thread) && to.stream === stream)
    return { thread, log: of(log), data: of(data) }
  })
}
