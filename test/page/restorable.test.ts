import { describe, expect, it } from 'vitest'
import {
  boundsOf,
  choiceAt,
  gapAt,
  isRestorable,
  nearest,
  restorableOf,
} from '../../lambdas/restore-page/app/moments/restorable.ts'
import { nextStop, snap, step, stopsOf } from '../../lambdas/restore-page/app/moments/stops.ts'
import { at, snapshotOf, time } from './samples.ts'

const reason = 'log missing 2026-11-22 12:00-13:00; restorable to 2026-11-22 12:00'
const shop = {
  unit: 'shop',
  ranges: [
    { from: at(10), to: at(12) },
    { from: at(13), to: at(18) },
  ],
  gaps: [{ from: at(12), to: at(13), reason }],
}
const crm = { unit: 'crm', ranges: [{ from: at(11), to: at(17) }], gaps: [] }

describe('what can be restored', () => {
  it('is what all units have together', () => {
    const { ranges, gaps } = restorableOf([shop, crm], [], null)
    expect(ranges.map(({ from, to }) => [from.instant, to.instant])).toEqual([
      [at(11), at(12)],
      [at(13), at(17)],
    ])
    expect(gaps).toEqual([{ from: time(12), to: time(13), reasons: [{ unit: 'shop', reason }] }])
  })

  it('is what the chosen units have, where some are chosen', () => {
    const restorable = restorableOf([shop, crm], [], ['crm'])
    expect(restorable.ranges).toHaveLength(1)
    expect(restorable.gaps).toEqual([])
    expect(isRestorable(restorable, time(12.5))).toBe(true)
  })

  it('is nothing together for units whose ranges never meet', () => {
    const late = { unit: 'late', ranges: [{ from: at(20), to: at(21) }], gaps: [] }
    expect(boundsOf(restorableOf([shop, late], [], null))).toBeUndefined()
  })

  it('offers states of fulls that lie in no range by their snapshot, unless they were found bad', () => {
    const fulls = [
      snapshotOf(1, 'full', 9, 9),
      snapshotOf(2, 'full', 11, 11),
      { ...snapshotOf(3, 'full', 8, 8), bad: true },
    ]
    const restorable = restorableOf([shop], fulls, null)
    expect(restorable.points.map(({ snapshot }) => snapshot)).toEqual([fulls[0]!.snapshot])
    expect(choiceAt(restorable, time(9), null)).toEqual({ snapshot: fulls[0]!.snapshot })
    expect(boundsOf(restorable)?.first.time).toBe(time(9))
  })

  it('offers the state of every snapshot that a link is for', () => {
    const own = [snapshotOf(1, 'log', 9, 10), { ...snapshotOf(2, 'full', 8, 8), bad: true }]
    expect(restorableOf([], own, null, true).points.map(({ time }) => time)).toEqual([time(8), time(10)])
    expect(restorableOf([], own, null).points).toEqual([])
  })

  it('asks for ends of ranges as the engine wrote them, to the microsecond', () => {
    const fine = '2026-11-22T10:00:00.123456+01:00'
    const restorable = restorableOf([{ unit: 'a', ranges: [{ from: fine, to: fine }], gaps: [] }], [], null)
    expect(choiceAt(restorable, Date.parse(fine), ['a'])).toEqual({ at: fine, units: ['a'] })
  })

  it('asks for any other moment in UTC', () => {
    expect(choiceAt(restorableOf([shop], [], null), time(11.5), null)).toEqual({ at: at(11.5) })
  })

  it('tells what is next to a moment that cannot be restored', () => {
    const restorable = restorableOf([shop], [], null)
    expect(nearest(restorable, time(12.5))).toEqual({ before: time(12), after: time(13) })
    expect(nearest(restorable, time(9))).toEqual({ before: null, after: time(10) })
    expect(nearest(restorable, time(19))).toEqual({ before: time(18), after: null })
    expect(gapAt(restorable, time(12.5))?.reasons).toHaveLength(1)
    expect(gapAt(restorable, time(12))).toBeUndefined()
  })
})

describe('the point on the timeline', () => {
  const snapshots = [
    snapshotOf(1, 'full', 10, 10),
    snapshotOf(2, 'log', 10, 11),
    snapshotOf(3, 'log', 11, 12),
    snapshotOf(4, 'log', 12.5, 12.7),
    snapshotOf(5, 'log', 13, 14),
  ]
  const restorable = restorableOf([shop], snapshots, null)
  const stops = stopsOf(snapshots, restorable, null)
  const minute = 60_000

  it('stops where backups end that can be restored', () => {
    expect(stops.map(({ time }) => time)).toEqual([10, 11, 12, 14].map(time))
    expect(stopsOf(snapshots, restorable, ['other'])).toEqual([])
  })

  it('snaps to a stop that is near, and else lies where it is dragged', () => {
    expect(snap(stops, restorable, time(11) + 4 * minute, 5 * minute)).toBe(time(11))
    expect(snap(stops, restorable, time(11) + 6 * minute, 5 * minute)).toBe(time(11) + 6 * minute)
  })

  it('goes to the nearer end of a gap it is dragged into', () => {
    expect(snap(stops, restorable, time(12.4), 0)).toBe(time(12))
    expect(snap(stops, restorable, time(12.6), 0)).toBe(time(13))
    expect(snap(stops, restorable, time(3), 0)).toBe(time(10))
    expect(snap([], { ranges: [], gaps: [], points: [] }, time(3), 0)).toBeNull()
  })

  it('steps by a minute, over gaps, and not beyond the ends', () => {
    expect(step(restorable, time(11), minute)).toBe(time(11) + minute)
    expect(step(restorable, time(12), minute)).toBe(time(13))
    expect(step(restorable, time(13), -minute)).toBe(time(12))
    expect(step(restorable, time(18), minute)).toBeNull()
    expect(step(restorable, time(18) - 1000, minute)).toBe(time(18))
    expect(step(restorable, time(10), -minute)).toBeNull()
  })

  it('steps from backup to backup', () => {
    expect(nextStop(stops, time(11), 1)).toBe(time(12))
    expect(nextStop(stops, time(11), -1)).toBe(time(10))
    expect(nextStop(stops, time(11.5), -1)).toBe(time(11))
    expect(nextStop(stops, time(14), 1)).toBeNull()
  })
})
