import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planProven, planRestore, type RestorePlan, withoutMarks } from '../../shared/planner/plan.ts'
import { timelineOf } from '../../shared/planner/timeline.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { CommittedSnapshot } from '../../shared/snapshot.ts'
import { seed, times } from '../support/counts.ts'
import { canReach, Events, historyOf, idOf, minute, minuteOf } from './planner-model.ts'

const share = fc.integer({ min: 0, max: 1100 }).map(thousandths => thousandths / 1000)
const property = { seed, numRuns: times(1000) }

function tryPlan(...parameters: Parameters<typeof planRestore>): RestorePlan | ProblemError {
  try {
    return planRestore(...parameters)
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'not-restorable') return error
    throw error
  }
}

/** Applies a plan to one unit, step by step, and fails where a step does not follow from the one before. */
function apply(snapshots: CommittedSnapshot[], plan: RestorePlan, unit: string): { ended: number; at: string } {
  const chain = plan.units.find(entry => entry.unit === unit)!
  const order = plan.snapshots.map(({ snapshot }) => snapshot)
  expect(order.filter(id => chain.snapshots.includes(id))).toEqual(chain.snapshots)
  const steps = chain.snapshots.map(id => snapshots.find(({ snapshot }) => snapshot === id)!)
  const entries = steps.map(step => step.units.find(entry => entry.unit === unit)!)
  expect(entries[0]!.kind).toBe('full')
  let base = entries[0]!
  let place = base.from!
  for (const [i, entry] of entries.entries()) {
    if (i === 0) continue
    if (entry.kind === 'differential') {
      expect([i, entry.base]).toEqual([1, steps[0]!.snapshot])
      base = entry
    } else {
      expect(entry.from!.stream).toBe(place.stream)
      expect(entry.from!.at <= place.at).toBe(true)
    }
    place = entry.to
  }
  return {
    ended: Math.max(...entries.map(({ covers }) => Date.parse(covers.to))),
    at: [place.at, base.to.at].sort().at(-1)!,
  }
}

describe('the planner, with three units on two lanes', () => {
  it('finds a way to a moment exactly where trying everything finds one, and each step follows from the one before', () => {
    fc.assert(
      fc.property(Events, share, fc.constantFrom('u0', 'u1', 'u2'), (events, share, unit) => {
        const time = minuteOf(events, share)
        const snapshots = historyOf(events)
        const plan = tryPlan(snapshots, { kind: 'at', at: minute(time) }, [unit])
        expect(!(plan instanceof ProblemError)).toBe(canReach(withoutMarks(snapshots), unit, time))
        if (plan instanceof ProblemError) return
        // what was found bad is used only where nothing else leads there, and then it is said
        expect(plan.doubtful.length > 0).toBe(!canReach(snapshots, unit, time))
        expect(apply(snapshots, plan, unit).ended).toBeGreaterThanOrEqual(Date.parse(minute(time)))
        expect(plan.doubtful).toEqual(plan.snapshots.filter(({ bad }) => bad).map(({ snapshot }) => snapshot))
      }),
      property,
    )
  })

  it('offers on the timeline exactly the moments it can plan', () => {
    fc.assert(
      fc.property(Events, share, (events, share) => {
        const time = minuteOf(events, share)
        const snapshots = historyOf(events)
        for (const { unit, ranges, gaps } of timelineOf(snapshots)) {
          const within = ({ from, to }: { from: string; to: string }) => from <= minute(time) && minute(time) <= to
          expect(ranges.some(within)).toBe(canReach(snapshots, unit, time))
          for (const gap of gaps) expect(gap.from < gap.to && gap.reason.length > 10).toBe(true)
        }
      }),
      property,
    )
  })

  it('leads all three units to the same moment in one order, or names the nearest moments that it can', () => {
    fc.assert(
      fc.property(Events, share, (events, share) => {
        const time = minuteOf(events, share)
        const snapshots = historyOf(events)
        const units = ['u0', 'u1', 'u2']
        const plan = tryPlan(snapshots, { kind: 'at', at: minute(time) }, units)
        if (!(plan instanceof ProblemError)) {
          for (const unit of units) apply(snapshots, plan, unit)
          return
        }
        const { before, after } = plan.extra.nearest as { before: string | null; after: string | null }
        for (const at of [before, after])
          if (at !== null) expect(tryPlan(snapshots, { kind: 'at', at }, units)).not.toBeInstanceOf(ProblemError)
        for (let t = 0; t < 700; t += 11) {
          if (!units.every(unit => canReach(snapshots, unit, t))) continue
          expect(t < time ? before !== null && before >= minute(t) : after !== null && after <= minute(t)).toBe(true)
        }
      }),
      { ...property, numRuns: times(300) },
    )
  })

  it('takes the newest good full for the latest state and goes as far as its logs lead', () => {
    fc.assert(
      fc.property(Events, fc.constantFrom('u0', 'u1', 'u2'), (events, unit) => {
        const snapshots = historyOf(events)
        const all = snapshots.filter(({ kind }) => kind === 'full')
        const good = all.filter(({ bad }) => !bad)
        const fulls = good.length > 0 ? good : all
        const plan = tryPlan(snapshots, { kind: 'latest' }, [unit])
        expect(plan instanceof ProblemError).toBe(fulls.length === 0)
        if (plan instanceof ProblemError) return
        expect(plan.doubtful.length > 0).toBe(good.length === 0)
        expect(plan.snapshots[0]!.snapshot).toBe(fulls.at(-1)!.snapshot)
        const { ended } = apply(snapshots, plan, unit)
        const usable = good.length > 0 ? snapshots : withoutMarks(snapshots)
        const fromThere = usable.filter(({ kind, snapshot }) => kind !== 'full' || snapshot === fulls.at(-1)!.snapshot)
        const beyond = { kind: 'at', at: new Date(ended + 60_000).toISOString() } as const
        expect(() => planProven(fromThere, beyond, [unit])).toThrow(ProblemError)
      }),
      property,
    )
  })

  it('plans a history in which everything was marked as bad as if nothing was, and says so', () => {
    fc.assert(
      fc.property(Events, share, (events, share) => {
        const unmarked = withoutMarks(historyOf(events))
        const marked = unmarked.map(snapshot => ({ ...snapshot, bad: true }))
        const moments: Parameters<typeof planRestore>[1][] = [
          { kind: 'latest' },
          { kind: 'at', at: minute(minuteOf(events, share)) },
          ...unmarked.slice(-3).map(({ snapshot }) => ({ kind: 'snapshot' as const, snapshot })),
        ]
        for (const moment of moments) {
          const [doubted, plan] = [tryPlan(marked, moment), tryPlan(unmarked, moment)]
          if (plan instanceof ProblemError) {
            expect(doubted).toMatchObject({ why: plan.why, extra: plan.extra })
            continue
          }
          const { snapshots, doubtful, units } = doubted as RestorePlan
          const ids = plan.snapshots.map(({ snapshot }) => snapshot)
          expect(snapshots.map(({ snapshot }) => snapshot)).toEqual(ids)
          expect([units, doubtful, plan.doubtful]).toEqual([plan.units, ids, []])
        }
      }),
      property,
    )
  })

  it('leads to the state of any good snapshot whose own base is there', () => {
    fc.assert(
      fc.property(Events, events => {
        const snapshots = historyOf(events)
        for (const asked of snapshots.filter(({ kind, bad }) => kind === 'full' && !bad)) {
          const plan = planRestore(snapshots, { kind: 'snapshot', snapshot: asked.snapshot })
          expect(plan.snapshots).toEqual([asked])
        }
        for (const asked of snapshots.filter(({ kind }) => kind !== 'full')) {
          const plan = tryPlan(snapshots, { kind: 'snapshot', snapshot: asked.snapshot })
          if (plan instanceof ProblemError) continue
          expect(plan.snapshots).toContain(asked)
          for (const { unit, to } of asked.units) expect(apply(snapshots, plan, unit).at).toBe(to.at)
        }
      }),
      property,
    )
  })
})

const position = (at: number, stream = 's') => ({ stream, at: String(at).padStart(8, '0') })
const full = (n: number, at: number, from = at) => ({
  snapshot: idOf(n),
  lane: 'data' as const,
  kind: 'full' as const,
  receivedAt: minute(n),
  units: [
    {
      unit: 'db',
      kind: 'full' as const,
      base: null,
      from: position(from),
      to: position(at),
      covers: { from: minute(n - 5), to: minute(n) },
    },
  ],
})
const log = (n: number, since: number, from: number, to: number, stream = 's') => ({
  snapshot: idOf(n),
  lane: 'log' as const,
  kind: 'log' as const,
  receivedAt: minute(n),
  units: [
    {
      unit: 'db',
      kind: 'log' as const,
      base: null,
      from: position(from, stream),
      to: position(to, stream),
      covers: { from: minute(since), to: minute(n) },
    },
  ],
})
const chainAt = (snapshots: CommittedSnapshot[], n: number) =>
  planRestore(snapshots, { kind: 'at', at: minute(n) }).snapshots.map(({ snapshot }) => Number(snapshot.slice(-4)))

describe('a restore to a moment', () => {
  it('ends at a missing log, and says which span is missing and what can be had instead', () => {
    const snapshots = [full(840, 10), log(850, 840, 10, 20), log(880, 865, 30, 40)]
    expect(chainAt(snapshots, 850)).toEqual([840, 850])
    const refused = tryPlan(snapshots, { kind: 'at', at: minute(870) })
    expect(refused).toMatchObject({
      why: 'db: log missing 2026-11-22 14:10-14:25; restorable to 2026-11-22 14:10',
      fix: 'Choose 2026-11-22T14:10:00.000Z',
      extra: { unit: 'db', nearest: { before: '2026-11-22T14:10:00.000Z', after: null } },
    })
    expect(timelineOf(snapshots)).toEqual([
      {
        unit: 'db',
        ranges: [{ from: minute(840), to: minute(850) }],
        gaps: [
          {
            from: minute(850),
            to: minute(880),
            reason: 'log missing 2026-11-22 14:10-14:25; restorable to 2026-11-22 14:10',
          },
        ],
      },
    ])
  })

  it('inside a hot full goes back to the full before it, because a hot full is complete only at its end', () => {
    const snapshots = [full(100, 10), log(110, 100, 10, 20), log(125, 110, 20, 30), full(120, 28, 22)]
    expect(chainAt(snapshots, 118)).toEqual([100, 110, 125])
    expect(chainAt(snapshots, 120)).toEqual([120])
    expect(chainAt(snapshots, 122)).toEqual([120, 125])
  })

  it('is possible while the log stands still: continuity is proven by positions and not by times', () => {
    const snapshots = [full(100, 10), log(110, 100, 10, 20), log(130, 125, 20, 25)]
    expect(chainAt(snapshots, 117)).toEqual([100, 110, 130])
  })

  it('does not cross into a log history that started anew', () => {
    const snapshots = [full(100, 10), log(110, 100, 10, 20), log(120, 110, 20, 30, 'other')]
    expect(tryPlan(snapshots, { kind: 'at', at: minute(115) })).toMatchObject({
      why: expect.stringContaining('the log history started anew at 2026-11-22 01:50'),
    })
  })

  it('goes round a full that was found bad', () => {
    const snapshots = [full(100, 10), log(130, 100, 10, 40), { ...full(120, 30), bad: true }]
    expect(chainAt(snapshots, 125)).toEqual([100, 130])
    expect(planRestore(snapshots, { kind: 'snapshot', snapshot: idOf(120) }).snapshots).toHaveLength(1)
  })

  it('names a unit that was never backed up', () => {
    const refused = tryPlan([full(100, 10)], { kind: 'latest' }, ['db', 'other'])
    expect(refused).toMatchObject({ why: 'other: it was never backed up' })
  })

  it('of nothing says so', () => {
    expect(tryPlan([], { kind: 'latest' })).toMatchObject({ code: 'not-restorable' })
  })
})
