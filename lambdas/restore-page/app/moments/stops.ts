import type { Snapshot } from '../receiver/answers.ts'
import { firstFrom } from './in-order.ts'
import { readTimes } from './read-times.ts'
import { isRestorable, nearest, type Restorable } from './restorable.ts'

/** Where a snapshot ends: a real position of the engine. */
export interface Stop {
  time: number
  snapshot: string
}

/** Ends of snapshots that can be restored, in order, one for each moment. @param units null for all */
export function stopsOf(snapshots: Snapshot[], restorable: Restorable, units: string[] | null): Stop[] {
  const wanted = units && new Set(units)
  const stops: Stop[] = []
  for (const snapshot of snapshots) {
    const times = readTimes(snapshot).units
    for (let i = 0; i < times.length; i++)
      if (!wanted || wanted.has(snapshot.units[i]!.unit))
        stops.push({ time: times[i]!.to, snapshot: snapshot.snapshot })
  }
  stops.sort((a, b) => a.time - b.time)
  return within(
    stops.filter(({ time }, i) => time !== stops[i + 1]?.time),
    restorable,
  )
}

/** Both are in order: one walk through them. */
function within(stops: Stop[], { ranges, points }: Restorable): Stop[] {
  const single = new Set(points.map(({ time }) => time))
  let i = 0
  return stops.filter(({ time }) => {
    while (i < ranges.length && ranges[i]!.to.time < time) i++
    return single.has(time) || (i < ranges.length && ranges[i]!.from.time <= time)
  })
}

/**
 * Where a point that is dragged to `time` comes to lie: on the nearest stop within `tolerance`, or else on the nearest restorable moment.
 * @param tolerance milliseconds
 */
export function snap(stops: Stop[], restorable: Restorable, time: number, tolerance: number): number | null {
  const i = firstFrom(stops, time)
  const near = [stops[i - 1], stops[i]]
    .filter(stop => stop !== undefined)
    .sort((a, b) => Math.abs(a.time - time) - Math.abs(b.time - time))[0]
  if (near && Math.abs(near.time - time) <= tolerance) return near.time
  const { before, after } = nearest(restorable, time)
  if (before === null || after === null) return before ?? after
  return time - before <= after - time ? before : after
}

/** The stop before or after a time; null at either end. */
export function nextStop(stops: Stop[], time: number, direction: 1 | -1): number | null {
  const i = firstFrom(stops, direction === 1 ? time + 1 : time)
  return (direction === 1 ? stops[i] : stops[i - 1])?.time ?? null
}

/** A step of so many milliseconds, over what cannot be restored; null at either end. */
export function step(restorable: Restorable, time: number, milliseconds: number): number | null {
  const target = time + milliseconds
  if (isRestorable(restorable, target)) return target
  const { before, after } = nearest(restorable, target)
  const next = milliseconds > 0 ? after : before
  if (next !== null) return next
  const end = milliseconds > 0 ? before : after
  return end === time ? null : end
}
