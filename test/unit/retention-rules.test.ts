import { describe, expect, it } from 'vitest'
import { noKeepRules, type Retention } from '../../shared/retention.ts'
import { keptByRule, type Received } from '../../shared/retention-rules.ts'

const full = (receivedAt: string, minimumDays = 1): Received => ({
  snapshot: receivedAt,
  kind: 'full',
  receivedAt,
  minimumDays,
})
const kept = (snapshots: Received[], policy: Partial<Retention['keep']>, now: string, minimumDays = 1) =>
  Object.fromEntries(keptByRule(snapshots, { minimumDays, keep: { ...noKeepRules, ...policy } }, new Date(now)))

describe('what policy keeps', () => {
  it('is the first full and the last of each period of UTC, as far back as the rule reaches', () => {
    const snapshots = [
      full('2026-11-19T23:59:59.999Z'),
      full('2026-11-20T00:00:00.000Z'),
      full('2026-11-20T12:00:00.000Z'),
      full('2026-11-20T23:59:59.999Z'),
      full('2026-11-21T05:00:00.000Z'),
    ]
    expect(kept(snapshots, { dailyDays: 3 }, '2026-11-23T06:00:00Z')).toEqual({
      '2026-11-20T00:00:00.000Z': ['first of day 2026-11-20'],
      '2026-11-20T23:59:59.999Z': ['last of day 2026-11-20'],
      '2026-11-21T05:00:00.000Z': ['first of day 2026-11-21'],
    })
    expect(kept(snapshots, {}, '2026-11-23T06:00:00Z')).toEqual({})
  })

  it('knows ISO weeks, which begin on Mondays and may belong to the year before', () => {
    const snapshots = [
      full('2026-12-27T23:00:00.000Z'), // a Sunday
      full('2026-12-28T01:00:00.000Z'),
      full('2027-01-01T12:00:00.000Z'),
      full('2027-01-03T23:59:00.000Z'),
      full('2027-01-04T00:00:00.000Z'),
    ]
    expect(kept(snapshots, { weeklyWeeks: 1 }, '2027-01-06T00:00:00Z')).toEqual({
      '2026-12-28T01:00:00.000Z': ['first of week 2026-W53'],
      '2027-01-03T23:59:00.000Z': ['last of week 2026-W53'],
      '2027-01-04T00:00:00.000Z': ['first of week 2027-W01'],
    })
  })

  it('counts months and years by the calendar', () => {
    const snapshots = [full('2025-01-31T00:00:00.000Z'), full('2026-10-31T23:00:00.000Z')]
    const now = '2026-11-30T00:00:00Z'
    expect(kept(snapshots, { monthlyMonths: 1 }, now)).toEqual({
      '2026-10-31T23:00:00.000Z': ['first of month 2026-10'],
    })
    expect(kept(snapshots, { yearlyYears: 1 }, now)).toMatchObject({
      '2025-01-31T00:00:00.000Z': ['first of year 2025'],
    })
  })

  it('leaves no hole when the minimum age was shortened: what came later waits for what was promised more', () => {
    const snapshots = [
      full('2026-11-01T00:00:00.000Z', 30),
      full('2026-11-10T00:00:00.000Z', 30),
      full('2026-11-20T00:00:00.000Z', 2),
    ]
    expect(Object.keys(kept(snapshots, {}, '2026-12-05T00:00:00Z', 2))).toEqual([
      '2026-11-10T00:00:00.000Z',
      '2026-11-20T00:00:00.000Z',
    ])
    expect(kept(snapshots, {}, '2026-12-10T00:00:00Z', 2)).toEqual({})
    expect(Object.keys(kept(snapshots, {}, '2026-12-10T00:00:00Z', 60))).toHaveLength(3)
  })
})
