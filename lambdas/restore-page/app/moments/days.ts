import type { Snapshot, Timeline } from '../receiver/answers.ts'
import { firstThat } from './in-order.ts'
import { readTimes } from './read-times.ts'
import type { Gap } from './restorable.ts'
import { addDays, dayOf, startOfDay } from './zone.ts'

/**
 * - `proven`: backed up, and a verify or a drill passed
 * - `stored`: backed up, not looked at since
 * - `warning`: backed up, with a warning, a failed run or a result that was bad
 * - `missed`: nothing was backed up though it should have been
 * - `none`: nothing is known of the day
 */
export type DayState = 'proven' | 'stored' | 'warning' | 'missed' | 'none'

export interface Day {
  /** `2026-11-05`, in the zone that was asked for. */
  day: string
  from: number
  /** Not included. */
  to: number
  state: DayState
  snapshots: number
}

const failures = new Set(['failed', 'failed-source-advanced', 'missed'])

/**
 * @param until a time within the last day
 * @param snapshots any order; a day counts those that were received in it
 */
export function daysOf(options: {
  zone: string
  until: number
  count: number
  snapshots: Snapshot[]
  runs: Timeline['runs']
  gaps: Gap[]
}): Day[] {
  const { zone, until, count, snapshots, runs, gaps } = options
  const last = dayOf(zone, until)
  const starts = Array.from({ length: count + 1 }, (_, i) => startOfDay(zone, addDays(last, i - count + 1)))
  const own = inDays(snapshots, starts, snapshot => readTimes(snapshot).received)
  const failed = inDays(
    runs.filter(({ outcome }) => failures.has(outcome)),
    starts,
    ({ startedAt }) => Date.parse(startedAt),
  )
  const first = snapshots.reduce(
    (first, snapshot) => Math.min(first, readTimes(snapshot).received),
    Number.POSITIVE_INFINITY,
  )
  return starts.slice(0, -1).map((from, i) => {
    const to = starts[i + 1]!
    const hasGap = first < from && gaps.some(gap => gap.from < to && gap.to > from)
    return {
      day: addDays(last, i - count + 1),
      from,
      to,
      state: stateOf(own[i]!, failed[i]!.length > 0, hasGap),
      snapshots: own[i]!.length,
    }
  })
}

/** What belongs to each day. @param starts of the days, and the end of the last */
function inDays<T>(items: T[], starts: number[], timeOf: (item: T) => number): T[][] {
  const days = starts.slice(0, -1).map((): T[] => [])
  for (const item of items) {
    const time = timeOf(item)
    days[firstThat(starts, start => start > time) - 1]?.push(item)
  }
  return days
}

function stateOf(snapshots: Snapshot[], hasFailed: boolean, hasGap: boolean): DayState {
  if (snapshots.length === 0) return hasFailed || hasGap ? 'missed' : 'none'
  const isBad = ({ bad, warnings, proof }: Snapshot) =>
    bad === true || warnings.length > 0 || proof?.outcome === 'failed'
  if (hasFailed || snapshots.some(isBad)) return 'warning'
  return snapshots.some(({ proof }) => proof?.outcome === 'passed') ? 'proven' : 'stored'
}

/** Which day an arrow key leads to in a grid with a column for each week. @returns undefined for other keys */
export function dayByKey(key: string, index: number, count: number): number | undefined {
  const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -7, ArrowRight: 7 }
  if (key === 'Home') return 0
  if (key === 'End') return count - 1
  const by = steps[key]
  return by === undefined ? undefined : Math.min(count - 1, Math.max(0, index + by))
}
