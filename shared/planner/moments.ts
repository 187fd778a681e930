import type { CommittedSnapshot } from '../snapshot.ts'
import { historiesOf } from './history.ts'
import { rangesOf } from './ranges.ts'
import { unitsAt } from './units.ts'

interface Span {
  from: number
  to: number
}

/**
 * The moments nearest to `at` (or the last one of all) that can be restored for all `units` together, ISO 8601 in UTC.
 * Without units: those that a restore of the latest state would take.
 */
export function nearestMoments(
  snapshots: CommittedSnapshot[],
  at: string | undefined,
  units: string[],
): { before: string | null; after: string | null } {
  const histories = historiesOf(snapshots)
  const wanted = units.length > 0 ? units : unitsAt(snapshots, undefined)
  let common: Span[] = wanted.length > 0 ? [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }] : []
  for (const unit of wanted) {
    const history = histories.get(unit)
    common = history
      ? overlap(
          common,
          rangesOf(history).map(({ from, to }) => ({ from: from.time, to: to.time })),
        )
      : []
  }
  const time = at === undefined ? Number.POSITIVE_INFINITY : Date.parse(at)
  const before = common.findLast(({ from }) => from <= time)
  const after = common.find(({ to }) => to >= time)
  return {
    before: before ? new Date(Math.min(before.to, time)).toISOString() : null,
    after: after ? new Date(Math.max(after.from, time)).toISOString() : null,
  }
}

/** Both lists are in order and disjoint, and so is the result. */
function overlap(a: Span[], b: Span[]): Span[] {
  const common: Span[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const from = Math.max(a[i]!.from, b[j]!.from)
    const to = Math.min(a[i]!.to, b[j]!.to)
    if (from <= to) common.push({ from, to })
    if (a[i]!.to < b[j]!.to) i++
    else j++
  }
  return common
}
