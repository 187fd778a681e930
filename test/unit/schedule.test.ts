import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CronExpression, nextRun, previousRun, runsBetween, TimeZone } from '../../shared/schedule.ts'
import { seed, times } from '../support/counts.ts'

const minute = 60_000
const hour = 60 * minute
const list = (cron: string, timeZone: string, from: string, count: number) => {
  const runs: string[] = []
  let at = new Date(from)
  while (runs.length < count) {
    at = nextRun({ cron, timeZone }, at)!
    runs.push(at.toISOString().slice(0, 16))
  }
  return runs
}

describe('a schedule over the nights on which clocks change', () => {
  it('runs once, after the gap, when its moment is left out in spring', () => {
    const runs = list('30 2 * * *', 'Europe/Berlin', '2027-03-27T00:00Z', 3)
    expect(runs).toEqual(['2027-03-27T01:30', '2027-03-28T01:00', '2027-03-29T00:30'])
    expect(list('30 2 * * *', 'America/New_York', '2027-03-13T00:00Z', 3)).toEqual([
      '2027-03-13T07:30',
      '2027-03-14T07:00',
      '2027-03-15T06:30',
    ])
  })

  it('runs once, at the first of the two, when its moment comes twice in autumn', () => {
    const runs = list('30 2 * * *', 'Europe/Berlin', '2026-10-24T00:00Z', 3)
    expect(runs).toEqual(['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30'])
    expect(list('30 1 * * *', 'America/New_York', '2026-10-31T00:00Z', 3)).toEqual([
      '2026-10-31T05:30',
      '2026-11-01T05:30',
      '2026-11-02T06:30',
    ])
  })

  it('keeps real intervals when it has a step', () => {
    for (const night of ['2027-03-27T20:00Z', '2026-10-24T20:00Z'])
      for (const timeZone of ['Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu'])
        expect(intervals(list('*/15 * * * *', timeZone, night, 60))).toEqual(new Set([15 * minute]))
  })

  it('knows zones with odd offsets and half an hour of daylight saving', () => {
    expect(list('0 2 * * *', 'Asia/Kathmandu', '2026-10-24T00:00Z', 1)).toEqual(['2026-10-24T20:15'])
    // Lord Howe goes from 02:00 to 02:30 on 4 October 2026 and back on 5 April 2026
    expect(list('15 2 * * *', 'Australia/Lord_Howe', '2026-10-02T14:00Z', 3)).toEqual([
      '2026-10-02T15:45',
      '2026-10-03T15:30',
      '2026-10-04T15:15',
    ])
    expect(list('45 1 * * *', 'Australia/Lord_Howe', '2026-04-03T14:00Z', 3)).toEqual([
      '2026-04-03T14:45',
      '2026-04-04T14:45',
      '2026-04-05T15:15',
    ])
  })
})

function intervals(runs: string[]): Set<number> {
  return new Set(runs.slice(1).map((run, i) => Date.parse(`${run}Z`) - Date.parse(`${runs[i]}Z`)))
}

/** Two years of one zone, minute by minute: what its clocks show. */
class Walk {
  static readonly from = Date.UTC(2026, 0, 1)
  static readonly minutes = 2 * 365 * 1440
  readonly timeZone: string
  /** Of each minute, the offset of the zone in minutes. Zones change theirs at full quarters of an hour. */
  readonly offsets = new Int16Array(Walk.minutes)

  constructor(timeZone: string) {
    this.timeZone = timeZone
    const format = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'longOffset' })
    for (let m = 0; m < Walk.minutes; m += 15) {
      const name = format.formatToParts(Walk.from + m * minute).find(({ type }) => type === 'timeZoneName')!.value
      const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(name)!
      this.offsets.fill(sign ? Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) : 0, m, m + 15)
    }
  }

  /** The runs of a schedule with plain or stepped minutes and hours, and days of the week, by nothing but what each minute's clock shows. */
  runs({ minutes, hours, days, stepped }: Fields): number[] {
    const found: number[] = []
    const shown = (m: number) => m + this.offsets[m]!
    const matches = (local: number) => {
      const date = new Date(Walk.from + local * minute)
      return minutes.has(date.getUTCMinutes()) && hours.has(date.getUTCHours()) && days.has(date.getUTCDay())
    }
    for (let m = 1440; m < Walk.minutes; m++) {
      const jump = this.offsets[m]! - this.offsets[m - 1]!
      const leftOut = jump > 0 ? Array.from({ length: jump }, (_, i) => shown(m) - 1 - i) : []
      const repeated = this.offsets[m - 120]! > this.offsets[m]! && shown(m) <= lastBeforeBack(this.offsets, m)
      if (stepped ? matches(shown(m)) : (matches(shown(m)) && !repeated) || leftOut.some(matches))
        found.push(Walk.from + m * minute)
    }
    return found
  }
}

/** The latest local minute that was shown before the clock last went back, within the two hours before `m`. */
function lastBeforeBack(offsets: Int16Array, m: number): number {
  for (let back = m; back > m - 120; back--)
    if (offsets[back]! < offsets[back - 1]!) return back - 1 + offsets[back - 1]!
  return -Infinity
}

interface Fields {
  cron: string
  minutes: Set<number>
  hours: Set<number>
  days: Set<number>
  stepped: boolean
}

const everyDay = new Set([0, 1, 2, 3, 4, 5, 6])
const range = (from: number, below: number, step = 1) =>
  new Set(Array.from({ length: Math.ceil((below - from) / step) }, (_, i) => from + i * step))
const some = (below: number) => fc.uniqueArray(fc.nat(below - 1), { minLength: 1, maxLength: 3 })
const days = fc.oneof(fc.constant(undefined), some(7))
const plain = fc.record({ minutes: some(60), hours: some(24), days }).map(
  ({ minutes, hours, days }): Fields => ({
    cron: `${minutes} ${hours} * * ${days ?? '*'}`,
    minutes: new Set(minutes),
    hours: new Set(hours),
    days: days ? new Set(days) : everyDay,
    stepped: false,
  }),
)
const stepped = fc
  .record({ step: fc.constantFrom(5, 10, 15, 20, 30), hourStep: fc.constantFrom(1, 2, 3, 6), days })
  .map(
    ({ step, hourStep, days }): Fields => ({
      cron: `*/${step} */${hourStep} * * ${days ?? '*'}`,
      minutes: range(0, 60, step),
      hours: range(0, 24, hourStep),
      days: days ? new Set(days) : everyDay,
      stepped: true,
    }),
  )

describe('a schedule over two years', () => {
  for (const timeZone of [
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'America/St_Johns',
    'UTC',
  ])
    it(`comes exactly when the clocks of ${timeZone} show it, walked minute by minute`, () => {
      const walk = new Walk(timeZone)
      fc.assert(
        fc.property(fc.oneof(plain, stepped), fields => {
          const schedule = { cron: fields.cron, timeZone }
          const from = new Date(Walk.from + 1440 * minute - 1)
          const to = new Date(Walk.from + (Walk.minutes - 1) * minute)
          const expected = walk.runs(fields)
          expect([...runsBetween(schedule, from, to)].map(Number)).toEqual(expected)
        }),
        { seed, numRuns: times(40), examples: [[plainOf(30, 2)], [plainOf(0, 2)], [plainOf(59, 1)], [plainOf(0, 3)]] },
      )
    })

  it('has each run before the next and after the previous one', () => {
    fc.assert(
      fc.property(
        fc.oneof(plain, stepped),
        fc.constantFrom('Europe/Berlin', 'Australia/Lord_Howe', 'America/New_York'),
        fc.integer({ min: Walk.from, max: Walk.from + 2 * 365 * 24 * hour }),
        ({ cron }, timeZone, at) => {
          const schedule = { cron, timeZone }
          const next = nextRun(schedule, new Date(at))!
          const previous = previousRun(schedule, new Date(at))!
          expect(next.getTime()).toBeGreaterThan(at)
          expect(previous.getTime()).toBeLessThan(at)
          expect(nextRun(schedule, previous)!.getTime()).toBeGreaterThanOrEqual(at)
          expect(previousRun(schedule, next)!.getTime()).toBeLessThanOrEqual(at)
        },
      ),
      { seed, numRuns: times(1000) },
    )
  })
})

function plainOf(minutes: number, hours: number): Fields {
  return {
    cron: `${minutes} ${hours} * * *`,
    minutes: new Set([minutes]),
    hours: new Set([hours]),
    days: everyDay,
    stepped: false,
  }
}

describe('what a host may call a schedule', () => {
  it.each(['0 2 * * *', '*/15 * * * *', '0 2 * * MON-FRI', '30 1,13 1 */3 *', '0  3 * * 0'])('%s is one', cron => {
    expect(CronExpression.safeParse(cron).success).toBe(true)
  })

  it.each([
    ['* * * *', 'five fields'],
    ['0 0 2 * * *', 'five fields'],
    ['@daily', 'five fields'],
    ['? 2 * * *', 'five fields'],
    ['2027-01-01T00:00:00', 'five fields'],
    ['60 * * * *', 'not a schedule'],
    ['0 0 31 2 *', 'no such moment'],
    ['0 0 30 2 MOM', 'not a schedule'],
  ])('%s is none, and it is said why', (cron, why) => {
    expect(CronExpression.safeParse(cron).error?.issues[0]?.message).toContain(why)
  })

  it('is in a zone that is known by name', () => {
    expect(TimeZone.safeParse('Europe/Berlin').success).toBe(true)
    for (const zone of ['Mars/Phobos', '+02:00', '../etc', '']) expect(TimeZone.safeParse(zone).success).toBe(false)
  })
})
