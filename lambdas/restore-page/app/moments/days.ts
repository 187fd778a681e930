import type { Snapshot, Timeline } from '../receiver/answers.ts'
import { firstFrom } from './in-order.ts'
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
  const received = sorted(snapshots, snapshot => readTimes(snapshot).received)
  const failed = sorted(
    runs.filter(({ outcome }) => failures.has(outcome)),
    ({ startedAt }) => Date.parse(startedAt),
  )
  const first = received[0]?.time ?? Number.POSITIVE_INFINITY
  return starts.slice(0, -1).map((from, i) => {
    const to = starts[i + 1]!
    const own = between(received, from, to)
    const hasFailed = between(failed, from, to).length > 0
    const hasGap = first < from && gaps.some(gap => gap.from < to && gap.to > from)
    return {
      day: addDays(last, i - count + 1),
      from,
      to,
      state: stateOf(own, hasFailed, hasGap),
      snapshots: own.length,
    }
  })
}

function stateOf(snapshots: Snapshot[], hasFailed: boolean, hasGap: boolean): DayState {
  if (snapshots.length === 0) return hasFailed || hasGap ? 'missed' : 'none'
  const isBad = ({ bad, warnings, proof }: Snapshot) =>
    bad === true || warnings.length > 0 || proof?.outcome === 'failed'
  if (hasFailed || snapshots.some(isBad)) return 'warning'
  return snapshots.some(({ proof }) => proof?.outcome === 'passed') ? 'proven' : 'stored'
}

function sorted<T>(items: T[], timeOf: (item: T) => number): { time: number; item: T }[] {
  return items.map(item => ({ time: timeOf(item), item })).sort((a, b) => a.time - b.time)
}

function between<T>(items: { time: number; item: T }[], from: number, to: number): T[] {
  return items.slice(firstFrom(items, from), firstFrom(items, to)).map(({ item }) => item)
}

/** Which day an arrow key leads to in a grid with a column for each week. @returns undefined for other keys */
export function dayByKey(key: string, index: number, count: number): number | undefined {
  const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -7, ArrowRight: 7 }
  if (key === 'Home') return 0
  if (key === 'End') return count - 1
  const by = steps[key]
  return by === undefined ? undefined : Math.min(count - 1, Math.max(0, index + by))
}
