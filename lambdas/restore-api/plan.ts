import type { SourceId } from '../../shared/ids.ts'
import { type Moment, planRestore } from '../../shared/planner/plan.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { Committed } from '../catalogue/snapshots.ts'
import type { Table } from '../catalogue/table.ts'
import { nearHistory, wholeHistory } from './history.ts'

/**
 * The snapshots that lead to a moment, in the order they are applied.
 * @throws ProblemError `not-restorable` with the nearest moments that are; `not-found` for a snapshot of another source
 */
export async function planFrom(
  table: Table,
  source: SourceId,
  moment: Moment,
  units: string[] | undefined,
): Promise<Committed[]> {
  const near = await nearHistory(table, source, moment, units)
  const planned = (history: typeof near) =>
    planRestore(history.snapshots, moment, units).snapshots.map(({ snapshot }) => history.items.get(snapshot)!)
  try {
    return planned(near)
  } catch (error) {
    if (!(error instanceof ProblemError && error.code === 'not-restorable')) throw error
    return planned(await wholeHistory(table, source))
  }
}
