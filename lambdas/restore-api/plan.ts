import { type SourceId, ulidOf } from '../../shared/ids.ts'
import { type Moment, planProven, planRestore, type RestorePlan } from '../../shared/planner/plan.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import type { Table } from '../catalogue/table.ts'
import { type History, type Planned, timeOf } from './history.ts'
import { nearHistory } from './near-history.ts'
import { windowHistory } from './window-history.ts'

export interface CataloguePlan {
  /** In the order they are applied, with what of the wanted units is in each. */
  snapshots: (Planned & { units: UnitEntry[] })[]
  doubtful: string[]
  units: RestorePlan['units']
}

const day = 86_400_000
/** Clocks that differ by more than this are looked for only in what of the history is read from its end. */
const around = { before: 100 * day, after: 35 * day }

/**
 * The snapshots that lead to a moment, in the order they are applied. What is near the moment is asked first; where that does not lead
 * there, the history from its end, as much as one answer can be worked out from, and then what lies around the moment.
 * @throws ProblemError `not-restorable` with the nearest moments that are; `not-found` for a snapshot of another source
 */
export async function planFrom(
  table: Table,
  source: SourceId,
  moment: Moment,
  units: string[] | undefined,
): Promise<CataloguePlan> {
  const near = await nearHistory(table, source, moment, units)
  const proven = attempt(near, () => planProven(near.snapshots, moment, units))
  if (!(proven instanceof ProblemError)) return proven

  const whole = await windowHistory(table, source, { from: 0, until: Number.POSITIVE_INFINITY }, units)
  const planned = attempt(whole.history, () => planRestore(whole.history.snapshots, moment, units))
  if (!(planned instanceof ProblemError)) return planned
  const time = timeAbout(moment)
  if (whole.complete || time === undefined) throw planned

  const window = { from: time - around.before, until: time + around.after }
  const { history } = await windowHistory(table, source, window, units)
  const last = attempt(history, () => planRestore(history.snapshots, moment, units))
  if (last instanceof ProblemError) throw last
  return last
}

function attempt({ items }: History, plan: () => RestorePlan): CataloguePlan | ProblemError {
  try {
    const { snapshots, doubtful, units } = plan()
    return { snapshots: snapshots.map(({ snapshot, units }) => ({ ...items.get(snapshot)!, units })), doubtful, units }
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'not-restorable') return error
    throw error
  }
}

function timeAbout(moment: Moment): number | undefined {
  switch (moment.kind) {
    case 'latest':
      return undefined
    case 'at':
      return Date.parse(moment.at)
    case 'snapshot':
      return timeOf(ulidOf(moment.snapshot))
  }
}
