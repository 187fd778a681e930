import type { LaneHeads, UnitEntry } from '../../../../shared/snapshot.ts'
import type { Database } from '../inventory.ts'
import { entryOf, otherHistory, type Reason } from './base.ts'

/** What a log of a database goes on from: the last log, the last full or differential, or both. */
export interface Behind {
  log: UnitEntry | undefined
  data: UnitEntry | undefined
}

/** Whether a log can go on, why it cannot and a full or differential heals it, or why the database has no logs to back up at all. */
export type LogState =
  | { state: 'goes-on'; behind: Behind }
  | ({ state: 'broken' } & Reason)
  | { state: 'no-logs'; reason: string }

/*
 * The server says where its next log backup begins. Ours go on where that is
 *
 *     last log   ├──────┤next           the very end of our last one,
 *     full          ├──────┤ next ≤     or no later than the end of our last full or differential
 *
 * Further on, somebody else has taken what lies between; before it, the database was put back to an earlier state.
 */

export function logStateOf(database: Database, heads: LaneHeads): LogState {
  const [log, data] = [entryOf(heads.log, database), entryOf(heads.data, database)]
  const known = log ?? data
  if (database.name === 'master') return { state: 'no-logs', reason: 'master has no log backups' }
  if (database.recovery === 'SIMPLE') {
    if (log && data?.info?.recovery !== 'SIMPLE') return broken('NOW_SIMPLE', 'its recovery model is SIMPLE now')
    return { state: 'no-logs', reason: 'its recovery model is SIMPLE' }
  }
  if (!known) return broken('NO_BASE', 'there is no full backup of it')
  const ours = [log, data].filter(entry => entry && otherHistory(entry, database) === undefined)
  if (ours.length === 0) return { state: 'broken', ...otherHistory(known, database)! }
  const behind: Behind = { log: ours.find(entry => entry === log), data: ours.find(entry => entry === data) }
  const next = database.nextLog
  if (next === null)
    return broken('LOG_CHAIN_ENDED', 'its log chain was ended (its recovery model was SIMPLE meanwhile)')
  if (continues(next, behind)) return { state: 'goes-on', behind }
  if (behind.log && next < behind.log.to.at)
    return broken('REVERTED', 'it is in an earlier state than when its log was last backed up')
  return broken('FOREIGN_LOG', 'somebody else took a log backup of it')
}

/** Whether a log that begins at `first` leaves no gap behind it. */
export function continues(first: string, { log, data }: Behind): boolean {
  if (log && first <= log.to.at) return first === log.to.at
  return data !== undefined && first <= data.to.at
}

function broken(code: string, reason: string): LogState {
  return { state: 'broken', code, reason }
}
