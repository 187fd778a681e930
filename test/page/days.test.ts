import { expect, it } from 'vitest'
import { dayByKey, daysOf } from '../../lambdas/restore-page/app/moments/days.ts'
import { snapshotOf, time } from './samples.ts'

const hour = (days: number) => -24 * days + 12
const run = (at: number, outcome: string) => ({
  run: 'r',
  outcome,
  startedAt: new Date(time(at)).toISOString(),
  finishedAt: null,
  message: null,
})
const proof = (outcome: string) => ({ method: 'verify', level: 'opened', outcome, recordedAt: '2026-11-22T00:00:00Z' })

it('says of each day the worst that is known, and proven only where a check passed', () => {
  const states = daysOf({
    zone: 'UTC',
    until: time(20),
    count: 9,
    snapshots: [
      { ...snapshotOf(1, 'full', hour(7), hour(7)), proof: proof('passed') },
      snapshotOf(2, 'log', hour(6), hour(6)),
      { ...snapshotOf(3, 'log', hour(5), hour(5)), warnings: ['commits-waited'] },
      { ...snapshotOf(4, 'log', hour(4), hour(4)), proof: proof('failed') },
      snapshotOf(5, 'log', hour(3), hour(3)),
      { ...snapshotOf(6, 'log', hour(0), hour(0)), proof: proof('passed') },
      snapshotOf(7, 'log', hour(0), hour(0) + 1),
    ],
    runs: [run(hour(3), 'failed'), run(hour(2), 'missed'), run(hour(0), 'succeeded')],
    gaps: [{ from: time(hour(1)), to: time(hour(1) + 1), reasons: [] }],
  })
  expect(states.map(({ state }) => state)).toEqual([
    'none',
    'proven',
    'stored',
    'warning',
    'warning',
    'warning',
    'missed',
    'missed',
    'proven',
  ])
  expect(states.at(-1)).toMatchObject({ day: '2026-11-22', snapshots: 2 })
})

it('counts a backup on the day that it was in the zone of whoever looks', () => {
  const days = (zone: string) =>
    daysOf({ zone, until: time(30), count: 3, snapshots: [snapshotOf(1, 'full', 23.5, 23.5)], runs: [], gaps: [] })
  expect(days('UTC').find(({ snapshots }) => snapshots > 0)?.day).toBe('2026-11-22')
  expect(days('Europe/Berlin').find(({ snapshots }) => snapshots > 0)?.day).toBe('2026-11-23')
})

it('is worked out for ten thousand backups within a frame', () => {
  const snapshots = Array.from({ length: 10_000 }, (_, i) => snapshotOf(i, 'log', -i / 5, -i / 5))
  const began = performance.now()
  daysOf({ zone: 'Europe/Berlin', until: time(1), count: 90, snapshots, runs: [], gaps: [] })
  expect(performance.now() - began).toBeLessThan(200) // a frame has 16; a busy machine more
})

it('is walked through with the arrow keys, a column being a week', () => {
  expect(dayByKey('ArrowDown', 10, 90)).toBe(11)
  expect(dayByKey('ArrowLeft', 10, 90)).toBe(3)
  expect(dayByKey('ArrowLeft', 3, 90)).toBe(0)
  expect(dayByKey('End', 3, 90)).toBe(89)
  expect(dayByKey('a', 3, 90)).toBeUndefined()
})
