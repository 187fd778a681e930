import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runsBetween } from '../../shared/schedule.ts'
import type { SnapshotKind } from '../../shared/snapshot.ts'
import { startOf, timetableOf } from '../../uploader/schedule/timetable.ts'
import { seed, times } from '../support/counts.ts'
import { type Run, simulate } from './simulate.ts'

const minute = 60_000
const kinds = ['full', 'differential', 'log'] as const

interface World {
  crons: Partial<Record<SnapshotKind, string>>
  timeZone: string
  from: Date
  minutes: number
  /** From and to, in minutes. */
  down: (readonly [number, number])[]
  /** How long each kind runs, in minutes. */
  takes: Record<SnapshotKind, number>
}

const worlds: fc.Arbitrary<World> = fc
  .record({
    crons: fc.record(
      {
        full: fc.constantFrom('30 2 * * *', '0 */6 * * *', '15 1 * * 0', '59 23 * * *'),
        differential: fc.constantFrom('0 12 * * *', '30 2 * * *', '45 */3 * * *'),
        log: fc.constantFrom('*/15 * * * *', '* * * * *', '7 * * * *', '0,30 1-3 * * *'),
      },
      { requiredKeys: [] },
    ),
    timeZone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC'),
    from: fc
      .constantFrom('2027-03-27T20:00Z', '2026-10-24T20:00Z', '2027-03-14T03:00Z', '2027-04-03T12:00Z')
      .map(text => new Date(text)),
    minutes: fc.integer({ min: 60, max: 36 * 60 }),
    outages: fc.array(fc.tuple(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 400 })), { maxLength: 4 }),
    takes: fc.record({
      full: fc.integer({ min: 1, max: 200 }),
      differential: fc.integer({ min: 1, max: 60 }),
      log: fc.integer({ min: 1, max: 20 }),
    }),
  })
  .map(({ outages, ...world }) => {
    let at = 0
    const down = outages.map(([up, away]) => {
      const from = at + up
      at = from + away
      return [from, at] as const
    })
    return { ...world, down }
  })

/** The same, minute by minute, with a mark for each kind that is due and nothing else to think about. */
function model({ crons, timeZone, from, minutes, down, takes }: World): string[] {
  const dues = new Map(
    kinds.map(kind => {
      const cron = crons[kind]
      const until = new Date(from.getTime() + minutes * minute)
      const moments = cron === undefined ? [] : [...runsBetween({ cron, timeZone }, from, until)]
      return [kind, new Set(moments.map(due => (due.getTime() - from.getTime()) / minute))]
    }),
  )
  const due = new Set<SnapshotKind>()
  const failures = { full: 0, differential: 0, log: 0 }
  const gate = { full: 0, differential: 0, log: 0 }
  const runs: string[] = []
  let run: { kind: SnapshotKind; until: number; covers: SnapshotKind[] } | undefined
  let away = false
  for (let now = 0; now < minutes; now++) {
    const isDown = down.some(([a, b]) => a <= now && now < b)
    if (away && !isDown && run) {
      // It was killed: all that it covered is due again, and it comes after a pause.
      for (const kind of run.covers) due.add(kind)
      failures[run.kind]++
      gate[run.kind] = now + Math.min(60, 2 ** (failures[run.kind] - 1))
      run = undefined
    }
    away = isDown
    if (run && !isDown && run.until <= now) {
      for (const kind of kinds.slice(kinds.indexOf(run.kind))) {
        failures[kind] = 0
        gate[kind] = 0
      }
      run = undefined
    }
    for (const kind of kinds) if (dues.get(kind)!.has(now)) due.add(kind)
    if (run || isDown) continue
    const kind = kinds.find(each => due.has(each) && gate[each] <= now)
    if (!kind) continue
    const covers = kinds.slice(kinds.indexOf(kind)).filter(each => due.has(each))
    for (const each of covers) due.delete(each)
    run = { kind, until: now + takes[kind], covers }
    runs.push(`${kind} ${now}`)
  }
  return runs
}

function simulated({ crons, timeZone, from, minutes, down, takes }: World): string[] {
  const at = (n: number) => new Date(from.getTime() + n * minute).toISOString()
  const { runs } = simulate(
    { shop: timetableOf({ ...crons, timeZone }, 'shop') },
    {
      from: at(0),
      to: at(minutes),
      down: down.map(([a, b]) => [at(a), at(b)] as const),
      takes: ({ kind }) => takes[kind] * minute,
    },
  )
  return runs.map((run: Run) => `${run.kind} ${(Date.parse(run.at) - from.getTime()) / minute}`)
}

test(`whatever is scheduled, takes long or is killed: the runs of ${times(1000)} worlds are those of a model that goes minute by minute`, () => {
  fc.assert(
    fc.property(worlds, world => {
      expect(simulated(world)).toEqual(model(world))
    }),
    { seed, numRuns: times(1000) },
  )
}, 900_000)

test('jitter is the same at every question, differs between hosts and days, and never reaches the next moment', () => {
  const starts = new Set<number>()
  for (const host of ['a', 'b', 'c', 'd']) {
    const timetable = timetableOf({ full: '0 2 * * *', log: '*/5 * * * *', jitter: 300 }, host)
    for (let day = 1; day < 28; day++) {
      const due = new Date(Date.UTC(2027, 1, day, 2))
      const start = startOf(timetable, 'full', due)
      expect(start).toEqual(startOf(timetableOf({ full: '0 2 * * *', jitter: 300 }, host), 'full', due))
      const after = start.getTime() - due.getTime()
      expect(after).toBeGreaterThanOrEqual(0)
      expect(after).toBeLessThan(300_000)
      starts.add(after)
      expect(startOf(timetable, 'log', due).getTime() - due.getTime()).toBeLessThan(150_000)
    }
  }
  expect(starts.size).toBeGreaterThan(100)
  expect(Math.max(...starts) - Math.min(...starts)).toBeGreaterThan(250_000)
})

test('a run that is spread over its jitter keeps lighter ones waiting that it will do for', () => {
  const timetable = timetableOf({ full: '0 2 * * *', log: '*/15 * * * *', jitter: 300 }, 'a host')
  const { runs } = simulate({ shop: timetable }, { from: '2027-02-01T01:50Z', to: '2027-02-01T02:14Z' })
  expect(runs.map(({ kind, at }) => ({ kind, at }))).toEqual([
    { kind: 'full', at: startOf(timetable, 'full', new Date('2027-02-01T02:00Z')).toISOString() },
  ])
})
