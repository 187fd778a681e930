import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Expected } from '../../lambdas/expectations/ledger.ts'
import { graceOf, nextExpected, type Plan, promises } from '../../lambdas/expectations/plan.ts'
import { settle } from '../../lambdas/expectations/settle.ts'
import { medianOf, withSize } from '../../lambdas/expectations/sizes.ts'
import { heldAfter, weakenedKinds } from '../../lambdas/expectations/weakened.ts'
import { runsBetween } from '../../shared/schedule.ts'
import { seed, times } from '../support/counts.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const start = Date.UTC(2027, 2, 20)
const never = new Date(0)
const every = (cron: string, timeZone = 'Europe/Berlin') => ({ cron, timeZone })
const planOf = (cron: string, jitterSeconds = 0): Plan => ({
  schedules: { full: every(cron) },
  held: {},
  everyHours: null,
  jitterSeconds,
})
const crons = fc.constantFrom('*/15 * * * *', '0 * * * *', '0 */6 * * *', '30 2 * * *', '0 2,14 * * *', '0 3 * * 0')

/** What the provider should have been told, from the definition alone: the whole course is known. */
function oracle(plan: Plan, receipts: number[], from: number, to: number) {
  const moments = [...runsBetween(plan.schedules.full!, new Date(from), new Date(to + 30 * day))].map(Number)
  const late: string[] = []
  let until = -Infinity
  for (const moment of moments) {
    if (moment > to) break
    const met = receipts.find(receipt => receipt >= moment) ?? Infinity
    const deadline = moment + plan.jitterSeconds * 1000 + graceOf(plan, 'full', new Date(moment))
    // one that passes while it is late already is told with the first
    if (met > deadline && moment > until && deadline <= to) late.push(new Date(moment).toISOString())
    if (met > deadline && deadline <= to) until = Math.max(until, met)
  }
  return late
}

describe('a run that is expected', () => {
  it('is late exactly when nothing was received in time', () => {
    fc.assert(
      fc.property(
        crons,
        fc.constantFrom(0, 600, 7200),
        fc.array(fc.integer({ min: 0, max: 12 * 24 * 60 }), { maxLength: 60 }),
        (cron, jitter, arrivals) => {
          const plan = planOf(cron, jitter)
          const receipts = arrivals.map(minutes => start + minutes * minute + 1).sort((a, b) => a - b)
          const end = start + 12 * day
          let state: Expected = {
            expected: nextExpected(plan, 'full', new Date(start))!.toISOString(),
            late: null,
            missed: null,
          }
          const told: string[] = []
          const missed: string[] = []
          for (let now = start; now <= end; now += 5 * minute) {
            const received = receipts.findLast(receipt => receipt <= now)
            const facts = { now: new Date(now), resumedAt: never, received: received ? new Date(received) : undefined }
            const settled = settle(plan, 'full', state, { ...facts, busyUntil: undefined })
            if (settled.recovered) expect(settled.recovered.late).toBe(state.late)
            if (settled.missed) missed.push(settled.missed.from)
            const next = settled.state!
            if (next.late !== null && (state.late === null || settled.recovered)) told.push(next.late)
            if (next.missed !== null) expect(next.late).not.toBeNull()
            expect(settled.lookAt!.getTime()).toBeGreaterThan(now)
            state = next
          }
          expect(told).toEqual(oracle(plan, receipts, start, end))
          // each moment is missed at most once, and only if nothing came for it
          expect(new Set(missed).size).toBe(missed.length)
        },
      ),
      { seed, numRuns: times(100) },
    )
  })

  it('is told the same whether one looks every five minutes or only when the last look said so', () => {
    fc.assert(
      fc.property(crons, fc.array(fc.integer({ min: 0, max: 10 * 24 * 60 }), { maxLength: 30 }), (cron, arrivals) => {
        const plan = planOf(cron)
        const receipts = arrivals.map(minutes => start + minutes * minute + 1).sort((a, b) => a - b)
        const end = start + 10 * day
        const course = (lazy: boolean) => {
          const told: string[] = []
          let lookAt = start
          let state: Expected = {
            expected: nextExpected(plan, 'full', new Date(start))!.toISOString(),
            late: null,
            missed: null,
          }
          for (let now = start; now <= end; now += 5 * minute) {
            const received = receipts.findLast(receipt => receipt <= now)
            // a commit makes a source due whose ledger says that something is wrong
            const commit = received !== undefined && received > now - 5 * minute && state.late !== null
            if (lazy && now < lookAt && !commit) continue
            const facts = { now: new Date(now), resumedAt: never, received: received ? new Date(received) : undefined }
            const settled = settle(plan, 'full', state, { ...facts, busyUntil: undefined })
            lookAt = settled.lookAt!.getTime()
            if (settled.recovered) told.push(`recovered ${settled.recovered.late}`)
            const next = settled.state!
            if (next.late !== null && next.late !== state.late) told.push(`late ${next.late}`)
            if (next.missed !== null && next.missed !== state.missed) told.push(`missed ${next.missed}`)
            state = next
          }
          return told
        }
        expect(course(true)).toEqual(course(false))
      }),
      { seed, numRuns: times(60) },
    )
  })
})

describe('the provider’s least', () => {
  it('is promised by a schedule exactly when no gap is longer, but for the hour of a clock change', () => {
    fc.assert(
      fc.property(crons, fc.integer({ min: 1, max: 200 }), (cron, hours) => {
        const schedule = every(cron)
        const limit = hours * hour + hour
        const from = new Date(start)
        const runs = [...runsBetween(schedule, from, new Date(start + Math.max(7 * day, 4 * limit) + limit))].map(
          Number,
        )
        const within = runs.every((run, i) => run - (runs[i - 1] ?? start) <= limit)
        expect(promises([schedule], hours, from)).toBe(within)
      }),
      { seed, numRuns: times(1000) },
    )
  })

  it('is promised by several schedules together, and by none not at all', () => {
    expect(promises([every('0 2 * * 1,3,5'), every('0 2 * * 0,2,4,6')], 24, new Date(start))).toBe(true)
    expect(promises([every('0 2 * * 1,3,5')], 24, new Date(start))).toBe(false)
    expect(promises([], 1000, new Date(start))).toBe(false)
  })
})

describe('a schedule is weakened', () => {
  const now = new Date(start)
  it.each([
    ['0 2 * * *', '0 2 * * 0', true],
    ['*/15 * * * *', '*/30 * * * *', true],
    ['0 2 * * 0', '0 2 1 * *', true],
    ['0 2 1 * *', '0 2 1 1 *', true],
    ['0 2 1 * *', '0 5 15 * *', false],
    ['0 2 * * *', '30 23 * * *', false],
    ['0 2 * * *', '0 2,14 * * *', false],
  ])('from %s to %s: %s', (before, after, weakened) => {
    expect(weakenedKinds({ full: every(before) }, { full: every(after) }, now)).toEqual(weakened ? ['full'] : [])
  })

  it('not by a greater kind in its place', () => {
    expect(weakenedKinds({ log: every('0 * * * *') }, { full: every('0 * * * *') }, now)).toEqual([])
    expect(weakenedKinds({ full: every('0 2 * * *') }, { log: every('*/5 * * * *') }, now)).toEqual(['full'])
  })

  it('and holds for one of its intervals, however often the host weakens it again', () => {
    const daily = { full: every('0 2 * * *') }
    const held = heldAfter({ schedules: daily, held: {} }, { full: every('0 2 * * 0') }, now)
    const expected = nextExpected({ ...planOf('0 2 * * 0'), held }, 'full', now)!
    expect(expected).toEqual(nextExpected({ ...planOf('0 2 * * *') }, 'full', now))
    const again = heldAfter({ schedules: { full: every('0 2 * * 0') }, held }, {}, now)
    expect(again).toEqual(held)
    const none = { schedules: {}, held, everyHours: null, jitterSeconds: 0 }
    expect(nextExpected(none, 'full', now)).toEqual(expected)
    expect(nextExpected(none, 'full', expected)).toBeUndefined()
    expect(heldAfter({ schedules: {}, held }, daily, now)).toEqual({})
  })
})

describe('sizes', () => {
  it('are odd only in one direction of time: a level that has held for seven is the usual one', () => {
    const gib = 1024 ** 3
    let level = { usual: [], odd: [] } as { usual: number[]; odd: number[] }
    const add = (...sizes: number[]) => {
      for (const size of sizes) level = withSize('full', level, size)
      return level.odd.length
    }
    expect(add(gib, gib)).toBe(0)
    expect(add(10 * gib)).toBe(0) // two say nothing
    expect(add(gib, gib, gib)).toBe(0)
    expect(add(5 * gib)).toBe(1)
    expect(add(...Array<number>(5).fill(5 * gib))).toBe(6)
    expect(add(5 * gib)).toBe(0)
    expect(medianOf(level.usual)).toBe(5 * gib)
    expect(add(gib)).toBe(1)
    expect(add(5 * gib)).toBe(0)
  })

  it('below a hundred MiB apart are never odd', () => {
    let level = { usual: [], odd: [] } as { usual: number[]; odd: number[] }
    for (const size of [1, 1, 1, 99e6, 1, 50e6]) level = withSize('full', level, size)
    expect(level.odd).toEqual([])
  })
})
