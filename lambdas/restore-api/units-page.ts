import type { UnitTimeline } from '../../shared/api/restore.ts'
import type { SourceId } from '../../shared/ids.ts'
import { unitTimelines } from '../../shared/planner/timeline.ts'
import type { CommittedSnapshot } from '../../shared/snapshot.ts'
import type { Table } from '../catalogue/table.ts'
import { escapedBytes } from '../http/escaped.ts'
import { allowsTime, type Scope } from './scope.ts'
import { type Window, windowHistory } from './window-history.ts'

/** A page of units ends before it is longer than this, or with the first unit. */
const pageBytes = 1_500_000

/** What can be restored of each unit in a window of time, and what cannot and why, by their names. */
export async function unitsPage(
  table: Table,
  source: SourceId,
  window: Window,
  scope: Scope,
  units: string[] | undefined,
  after: string | undefined,
  now: Date,
) {
  const { history, from, leadIn } = await windowHistory(table, source, window, units)
  const starts = startsOf(leadIn)
  const page: UnitTimeline[] = []
  let nextUnit: string | null = null
  let bytes = 0
  for (const timeline of unitTimelines(history.snapshots, after)) {
    const shown = within(scope, behind(starts.get(timeline.unit), timeline))
    bytes += escapedBytes(shown)
    if (bytes > pageBytes && page.length > 0) {
      nextUnit = page.at(-1)!.unit
      break
    }
    page.push(shown)
  }
  return {
    window: {
      from: new Date(from).toISOString(),
      until: new Date(Math.min(window.until, now.getTime())).toISOString(),
    },
    units: page,
    nextUnit,
  }
}

/** For each unit the moment of the full that leads into the window: what was before it is not all here. */
function startsOf(leadIn: CommittedSnapshot[]): Map<string, number> {
  const starts = new Map<string, number>()
  for (const { bad, units } of leadIn)
    for (const { unit, kind, covers } of units)
      if (kind === 'full' && !bad && !starts.has(unit)) starts.set(unit, Date.parse(covers.to))
  return starts
}

function behind(start: number | undefined, { unit, ranges, gaps }: UnitTimeline): UnitTimeline {
  if (start === undefined) return { unit, ranges, gaps }
  return {
    unit,
    ranges: ranges.filter(({ to }) => Date.parse(to) >= start),
    gaps: gaps.filter(({ to }) => Date.parse(to) > start),
  }
}

/** A link shows the moments that it is for. */
function within(scope: Scope, { unit, ranges, gaps }: UnitTimeline): UnitTimeline {
  if (scope.since === null && scope.until === null) return { unit, ranges, gaps }
  return { unit, ranges: ranges.flatMap(clip), gaps: gaps.flatMap(clip) }

  function clip<T extends { from: string; to: string }>(span: T): T[] {
    const from = scope.since !== null && later(scope.since, span.from) ? scope.since : span.from
    const to = scope.until !== null && later(span.to, scope.until) ? scope.until : span.to
    return later(from, to) || !allowsTime(scope, from) ? [] : [{ ...span, from, to }]
  }
}

function later(a: string, b: string): boolean {
  return Date.parse(a) > Date.parse(b)
}
