import type { Snapshot, Timeline } from '../receiver/answers.ts'
import type { Choice } from '../receiver/receiver.ts'
import { firstFrom, firstThat } from './in-order.ts'

/** Of the engine's clock: epoch milliseconds, and the very text the engine wrote, which may be finer. */
export interface Moment {
  time: number
  instant: string
}
export interface Range {
  from: Moment
  to: Moment
}
export interface Gap {
  from: number
  to: number
  /** The unit is named where there are several. */
  reasons: { unit: string; reason: string }[]
}
/** The state that one full or differential left. */
export interface Point extends Moment {
  snapshot: string
}

/** What can be restored of some units together. */
export interface Restorable {
  /** Every moment in them can be restored; in order and disjoint. A full without logs is a range of one moment. */
  ranges: Range[]
  gaps: Gap[]
  /** States that can be restored by naming their snapshot, and lie in no range; in order. */
  points: Point[]
}

export function momentOf(instant: string): Moment {
  return { time: Date.parse(instant), instant }
}

/**
 * @param wanted units; null for all
 * @param snapshots any order
 * @param single whether there are states of snapshots alone, as with a link for some of them: then that of a log counts too
 */
export function restorableOf(
  units: Timeline['units'],
  snapshots: Snapshot[],
  wanted: string[] | null,
  single = false,
): Restorable {
  const chosen = wanted === null ? units : units.filter(({ unit }) => wanted.includes(unit))
  const [first, ...rest] = chosen.map(({ ranges }) =>
    ranges.map(({ from, to }) => ({ from: momentOf(from), to: momentOf(to) })),
  )
  const ranges = rest.reduce((common, own) => overlap(common, own), first ?? [])
  const gaps = gapsOf(chosen)
  const points: Point[] = []
  // a log leaves a state of the units that it names alone; one that was found bad is offered only where it is what the link is for
  for (const snapshot of snapshots)
    if (single || (snapshot.lane === 'data' && !snapshot.bad)) {
      const point = pointOf(snapshot, wanted)
      if (point && !rangeAt(ranges, point.time)) points.push(point)
    }
  return { ranges, gaps, points: points.sort((a, b) => a.time - b.time) }
}

function overlap(a: Range[], b: Range[]): Range[] {
  const common: Range[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [x, y] = [a[i]!, b[j]!]
    const from = x.from.time >= y.from.time ? x.from : y.from
    const to = x.to.time <= y.to.time ? x.to : y.to
    if (from.time <= to.time) common.push({ from, to })
    if (x.to.time < y.to.time) i++
    else j++
  }
  return common
}

function gapsOf(units: Timeline['units']): Gap[] {
  const gaps = new Map<string, Gap>()
  for (const { unit, gaps: own } of units)
    for (const { from, to, reason } of own) {
      const key = `${from} ${to}`
      const gap = gaps.get(key) ?? { from: Date.parse(from), to: Date.parse(to), reasons: [] }
      gap.reasons.push({ unit, reason })
      gaps.set(key, gap)
    }
  return [...gaps.values()].sort((a, b) => a.from - b.from)
}

function pointOf({ snapshot, units }: Snapshot, wanted: string[] | null): Point | undefined {
  const own = wanted === null ? units : units.filter(({ unit }) => wanted.includes(unit))
  if (own.length === 0) return undefined
  const last = own.map(({ covers }) => momentOf(covers.to)).reduce((a, b) => (a.time >= b.time ? a : b))
  return { ...last, snapshot }
}

/** The range that a time lies in, its ends included. */
export function rangeAt(ranges: Range[], time: number): Range | undefined {
  const range = ranges[firstThat(ranges, ({ to }) => to.time >= time)]
  return range && range.from.time <= time ? range : undefined
}

function pointAt(points: Point[], time: number): Point | undefined {
  const point = points[firstFrom(points, time)]
  return point?.time === time ? point : undefined
}

export function isRestorable({ ranges, points }: Restorable, time: number): boolean {
  return rangeAt(ranges, time) !== undefined || pointAt(points, time) !== undefined
}

/** The gap that a time lies in. */
export function gapAt({ gaps }: Restorable, time: number): Gap | undefined {
  return gaps.find(({ from, to }) => from < time && time < to)
}

/** First and last of all moments; undefined when nothing can be restored. */
export function boundsOf({ ranges, points }: Restorable): { first: Moment; last: Moment } | undefined {
  const firsts = [ranges[0]?.from, points[0]].filter(moment => moment !== undefined)
  const lasts = [ranges.at(-1)?.to, points.at(-1)].filter(moment => moment !== undefined)
  if (firsts.length === 0) return undefined
  return {
    first: firsts.reduce((a, b) => (a.time <= b.time ? a : b)),
    last: lasts.reduce((a, b) => (a.time >= b.time ? a : b)),
  }
}

/** The restorable moments next to a time that is none: at or before it, and at or after it. */
export function nearest({ ranges, points }: Restorable, time: number): { before: number | null; after: number | null } {
  const begun = ranges[firstThat(ranges, ({ from }) => from.time > time) - 1]
  const ends = ranges[firstThat(ranges, ({ to }) => to.time >= time)]
  const next = firstThat(points, point => point.time > time)
  const befores = [begun && Math.min(begun.to.time, time), points[next - 1]?.time]
  const afters = [ends && Math.max(ends.from.time, time), points[next]?.time]
  return { before: best(befores, Math.max), after: best(afters, Math.min) }
}

function best(times: (number | undefined)[], of: (...times: number[]) => number): number | null {
  const known = times.filter(time => time !== undefined)
  return known.length > 0 ? of(...known) : null
}

/** What to ask the receiver for at a time that can be restored. Ends of ranges go as the engine wrote them, to the microsecond. */
export function choiceAt({ ranges, points }: Restorable, time: number, units: string[] | null): Choice {
  const some = units === null ? {} : { units }
  const range = rangeAt(ranges, time)
  const point = range ? undefined : pointAt(points, time)
  if (point) return { snapshot: point.snapshot, ...some }
  const end = range && [range.from, range.to].find(moment => moment.time === time)
  return { at: end?.instant ?? new Date(time).toISOString(), ...some }
}
