import type { LaneHeads, SnapshotKind, UnitEntry } from '../../../../shared/snapshot.ts'
import type { Database, Inventory } from '../inventory.ts'
import { type Base, baseOf, entryOf, isBase, type Reason } from './base.ts'
import { failedIn } from './failed.ts'
import { type Behind, logStateOf } from './log.ts'
import { treatmentOf } from './treatment.ts'

/** One backup that is taken. `instead`: why it is of another kind than the run's. */
export interface Task {
  database: Database
  kind: SnapshotKind
  copyOnly: boolean
  instead?: Reason | undefined
  /** Of a differential. */
  base?: Base
  /** Of a log. */
  behind?: Behind
}

/**
 * What a run of a kind does about one database; there is one for each, so that nothing is left out silently.
 * - `unchanged`: read only, and as it is in the last full; the entry says so without a file
 * - `broken`: of a run of kind log: its log cannot go on, and a full or differential heals it
 * - `waits`: of a run of kind log: the same, but the last full or differential run could not back it up either. The next one tries again
 */
export type Verdict = { database: Database } & (
  | { how: 'take'; task: Task }
  | { how: 'unchanged'; base: Base }
  | ({ how: 'broken' } & Reason)
  | { how: 'waits'; reason: string }
  | { how: 'leave-out'; reason: string; warn: boolean }
  | { how: 'fail'; reason: string }
)

/** Pure: from one look at the server and what was committed before. */
export function judge(kind: SnapshotKind, inventory: Inventory, heads: LaneHeads): Verdict[] {
  const failed = new Set(failedIn(heads.data))
  return inventory.databases.map(database => {
    const known = entryOf(heads.data, database) ?? entryOf(heads.log, database)
    const treatment = treatmentOf(database, inventory.policy, known !== undefined)
    if (treatment.how !== 'back-up') return { database, ...treatment }
    const { secondary } = treatment
    if (kind === 'log') return judgeLog(database, heads, failed)
    return judgeData(kind, database, heads, { secondary, coexist: inventory.policy.coexist })
  })
}

function judgeData(
  kind: 'full' | 'differential',
  database: Database,
  heads: LaneHeads,
  { secondary, coexist }: { secondary: boolean; coexist: boolean },
): Verdict {
  const full = (instead?: Reason): Verdict => ({
    database,
    how: 'take',
    task: { database, kind: 'full', copyOnly: secondary || coexist, instead },
  })
  if (kind === 'full') return full()
  if (coexist) return full({ code: 'COEXIST', reason: 'another product owns its chain of backups' })
  if (secondary) return full({ code: 'SECONDARY', reason: 'a secondary replica takes no differential' })
  if (database.name === 'master') return full({ code: 'MASTER', reason: 'master has no differential backups' })
  const base = baseOf(database, heads)
  if (!isBase(base)) return full(base)
  if (database.readOnly && isFixed(base.entry)) return { database, how: 'unchanged', base }
  return { database, how: 'take', task: { database, kind: 'differential', copyOnly: false, base } }
}

function judgeLog(database: Database, heads: LaneHeads, failed: ReadonlySet<string>): Verdict {
  if (database.readOnly) {
    const base = baseOf(database, heads)
    if (isBase(base) && isFixed(base.entry)) return { database, how: 'unchanged', base }
  }
  const state = logStateOf(database, heads)
  switch (state.state) {
    case 'no-logs':
      return { database, how: 'leave-out', reason: state.reason, warn: false }
    case 'broken':
      if (failed.has(database.name))
        return { database, how: 'waits', reason: `${state.reason}; the last full or differential run failed for it` }
      return { database, how: 'broken', code: state.code, reason: state.reason }
    case 'goes-on':
      return { database, how: 'take', task: { database, kind: 'log', copyOnly: false, behind: state.behind } }
  }
}

/** Whether a full was taken of the database when it could not be written, and it was only said since that nothing had changed. */
function isFixed({ kind, info }: UnitEntry): boolean {
  return info?.readOnly === 'true' && (kind === 'full' || info.unchanged === 'true')
}
