import { comparePositions } from '../../../../shared/position.ts'
import type { LaneHeads, UnitEntry } from '../../../../shared/snapshot.ts'
import { hex } from '../ese/log-name.ts'
import type { Database, Inventory } from '../inventory.ts'
import { generationAt, positionOf } from '../position.ts'
import { treatmentOf } from './treatment.ts'

/** Why the logs of a database cannot go on. */
export interface Reason {
  code: string
  reason: string
}

/** What a full run does about one database. */
export type FullVerdict = { database: Database } & (
  | { how: 'take'; passive: boolean }
  | { how: 'leave-out'; reason: string; warn: boolean }
)

/**
 * What a log run does about one database.
 * - `take`: its closed logs after `last`; there may be none
 * - `broken`: only a full backup heals it
 */
export type LogVerdict = { database: Database } & (
  | { how: 'take'; last: UnitEntry }
  | ({ how: 'broken' } & Reason)
  | { how: 'leave-out'; reason: string; warn: boolean; last?: UnitEntry }
)

export function judgeFull(inventory: Inventory): FullVerdict[] {
  return inventory.databases.map(database => {
    const treatment = treatmentOf(database, inventory)
    if (treatment.how === 'leave-out') return { database, ...treatment }
    const damaged = database.closed?.damaged
    if (damaged) return { database, how: 'leave-out', reason: damaged.line, warn: true }
    return { database, how: 'take', passive: treatment.passive }
  })
}

export function judgeLogs(inventory: Inventory, heads: LaneHeads): LogVerdict[] {
  return inventory.databases.map(database => {
    const last = lastOf(database, heads)
    const treatment = treatmentOf(database, inventory)
    if (treatment.how === 'leave-out') return { database, ...treatment, ...(last && { last }) }
    const found = continuation(database, entryIn(heads.data, database), last)
    const damaged = database.closed?.damaged
    if (found.how !== 'broken' || !damaged) return { database, ...found }
    // A full would leave it out, at each run anew.
    const reason = `${found.reason}, and none can be taken now: ${damaged.line}`
    return { database, how: 'leave-out', reason, warn: true, ...(last && { last }) }
  })
}

type Continuation = { how: 'take'; last: UnitEntry } | ({ how: 'broken' } & Reason) | LeaveOut
type LeaveOut = { how: 'leave-out'; reason: string; warn: boolean }

/*
 *   last snapshot ─▶│ 1A        on the disk   1B 1C 1D          goes on
 *                   │ 1A                      20 21 22          1B to 1F were truncated: a gap
 *                   │ 1A                      01 02             numbers began again: another stream
 */
function continuation(database: Database, full: UnitEntry | undefined, last: UnitEntry | undefined): Continuation {
  const { circular, closed, guid } = database
  if (!full || !last) return broken('NO_BASE', 'there is no full backup of it')
  if (full.info?.guid !== guid) return broken('REPLACED', 'it was removed and made anew')
  if (circular) {
    if (full.info.circular === 'true')
      return { how: 'leave-out', reason: 'circular logging removes its logs by itself', warn: true }
    return broken('NOW_CIRCULAR', 'circular logging was turned on since its last full backup')
  }
  if (full.info.circular === 'true')
    return broken('WAS_CIRCULAR', 'circular logging was on when its last full backup was taken')
  if (!closed) return { how: 'take', last }
  const reached = generationAt(last)
  if (closed.signLog !== null && positionOf(database, closed.signLog, 0).stream !== last.to.stream)
    return broken('OTHER_STREAM', 'its logs are of another stream: it was repaired, defragmented or restored')
  if (closed.highest < reached)
    return broken('OTHER_STREAM', `its logs end at ${hex(closed.highest)}, and ${hex(reached)} was backed up already`)
  if (closed.lowest > reached + 1)
    return broken(
      'GAP',
      `its logs begin at ${hex(closed.lowest)} and were backed up to ${hex(reached)}: somebody truncated what was between`,
    )
  return { how: 'take', last }
}

function broken(code: string, reason: string): Continuation {
  return { how: 'broken', code, reason }
}

/** The newest of its log and its full: of one stream the one that leads further, else the full. */
function lastOf(database: Database, heads: LaneHeads): UnitEntry | undefined {
  const [full, log] = [entryIn(heads.data, database), entryIn(heads.log, database)]
  if (!full || !log) return full
  const order = comparePositions(log.to, full.to)
  return order !== undefined && order >= 0 ? log : full
}

export function entryIn(head: LaneHeads['data'], { name }: Pick<Database, 'name'>): UnitEntry | undefined {
  return head?.units.find(({ unit }) => unit === name)
}
