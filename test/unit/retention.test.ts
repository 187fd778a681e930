import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byReceipt } from '../../shared/planner/history.ts'
import { planRestore } from '../../shared/planner/plan.ts'
import { ProblemError } from '../../shared/problem.ts'
import { noKeepRules, type Retention } from '../../shared/retention.ts'
import { isKept, planRetention, type Retained } from '../../shared/retention-plan.ts'
import type { CommittedSnapshot } from '../../shared/snapshot.ts'
import { seed, times } from '../support/counts.ts'
import { canReach, Events, historyOf, minute, minuteOf } from './planner-model.ts'
import { keptByOracle } from './retention-oracle.ts'

const day = 86_400_000
const property = { seed, numRuns: times(3000) }
const policy: Retention = { minimumDays: 1, keep: noKeepRules }
const share = fc.integer({ min: 0, max: 1000 }).map(thousandths => thousandths / 1000)

/** Received when the engine's clock says that they were finished: a host that does not lie. */
function received(events: Parameters<typeof historyOf>[0]): Retained[] {
  return historyOf(events).map(snapshot => ({
    ...snapshot,
    minimumDays: 1,
    receivedAt: snapshot.units
      .map(({ covers }) => covers.to)
      .sort()
      .at(-1)!,
  }))
}

/** Some more of them found bad than the events say, so that it happens at every place. */
const Marks = fc.infiniteStream(fc.integer({ min: 0, max: 4 }))
const marked = (snapshots: Retained[], marks: Iterator<number>): Retained[] =>
  snapshots.map(each => (marks.next().value === 0 ? { ...each, bad: true } : each))

/** As of the moment when what was received at minute `cut` comes of age. */
const comingOfAge = (cut: number) => new Date(Date.parse(minute(cut)) + day)

function headsOf(snapshots: Retained[]): Set<string> {
  const heads = (['data', 'log'] as const).map(lane => snapshots.findLast(each => each.lane === lane)?.snapshot)
  return new Set(heads.filter(head => head !== undefined))
}

function keptOf(snapshots: Retained[], now: Date, heads = headsOf(snapshots), rules = policy): Retained[] {
  const kept = new Set(
    planRetention(snapshots, rules, now, heads)
      .filter(isKept)
      .map(({ snapshot }) => snapshot),
  )
  return snapshots.filter(({ snapshot }) => kept.has(snapshot))
}

const ids = (snapshots: CommittedSnapshot[]) => snapshots.map(({ snapshot }) => snapshot)

function leads(snapshots: CommittedSnapshot[], snapshot: string): boolean {
  try {
    planRestore(snapshots, { kind: 'snapshot', snapshot })
    return true
  } catch (error) {
    if (error instanceof ProblemError) return false
    throw error
  }
}

describe('retention, with three units on two lanes', () => {
  it('keeps what the words of the format say, found by trying everything', () => {
    fc.assert(
      fc.property(Events, share, Marks, (events, share, marks) => {
        const snapshots = marked(received(events), marks)
        const now = comingOfAge(minuteOf(events, share))
        const heads = headsOf(snapshots)
        const kept = keptByOracle(snapshots, policy, now, heads)
        expect(ids(keptOf(snapshots, now))).toEqual(ids(snapshots).filter(id => kept.has(id)))
      }),
      property,
    )
  })

  it('keeps every moment after the cut restorable that was so before', () => {
    fc.assert(
      fc.property(Events, share, share, Marks, fc.constantFrom('u0', 'u1', 'u2'), (events, a, b, marks, unit) => {
        const snapshots = marked(received(events), marks)
        const [cut, time] = [minuteOf(events, Math.min(a, b)), minuteOf(events, Math.max(a, b))]
        const kept = keptOf(snapshots, comingOfAge(cut))
        if (canReach(snapshots, unit, time)) expect(canReach(kept, unit, time)).toBe(true)
      }),
      { ...property, numRuns: times(6000) },
    )
  })

  it('keeps everything that a restore to a snapshot of the last days takes, whatever is marked bad', () => {
    fc.assert(
      fc.property(Events, share, Marks, (events, share, marks) => {
        const snapshots = marked(received(events), marks)
        const cut = minuteOf(events, share)
        const kept = keptOf(snapshots, comingOfAge(cut))
        const young = snapshots.filter(({ receivedAt }) => receivedAt > minute(cut))
        const unmarked = (all: Retained[]) => all.map(({ bad: _bad, ...rest }) => rest)
        for (const { snapshot } of young) {
          if (leads(snapshots, snapshot)) expect(leads(kept, snapshot), snapshot).toBe(true)
          if (leads(unmarked(snapshots), snapshot)) expect(leads(unmarked(kept), snapshot), snapshot).toBe(true)
        }
      }),
      property,
    )
  })

  it('never keeps less for what is received later, whatever that claims', () => {
    fc.assert(
      fc.property(Events, Events, share, share, (events, lies, taken, share) => {
        const honest = received(events)
        const since = honest[Math.floor(taken * (honest.length - 1))]?.receivedAt ?? minute(0)
        const before = honest.filter(({ receivedAt }) => receivedAt <= since)
        const fakes = historyOf(lies).map((fake, i) => ({
          ...fake,
          snapshot: fake.snapshot.replace('.0', '.1'),
          minimumDays: 1,
          receivedAt: new Date(Date.parse(since) + (i + 1) * 1000).toISOString(),
        }))
        const allBad = (all: Retained[]) => all.map(each => ({ ...each, bad: true }))
        const now = new Date(Math.min(comingOfAge(minuteOf(events, share)).getTime(), Date.parse(since) + day))
        const heads = new Set<string>()
        const kept = ids(keptOf(before, now, heads))
        for (const attacked of [[...before, ...fakes], allBad(before), allBad([...before, ...fakes])])
          expect(ids(keptOf(attacked.sort(byReceipt), now, heads))).toEqual(expect.arrayContaining(kept))
      }),
      property,
    )
  })

  it('comes to the same later on whether what it let go is there or gone', () => {
    fc.assert(
      fc.property(Events, share, share, fc.infiniteStream(fc.boolean()), (events, a, b, gone) => {
        const snapshots = received(events)
        const heads = headsOf(snapshots)
        const [sooner, later] = [Math.min(a, b), Math.max(a, b)].map(each => comingOfAge(minuteOf(events, each)))
        const kept = new Set(ids(keptOf(snapshots, sooner!)))
        const left = snapshots.filter(({ snapshot }) => kept.has(snapshot) || !gone.next().value)
        expect(ids(keptOf(left, later!, heads))).toEqual(ids(keptOf(snapshots, later!, heads)))
      }),
      property,
    )
  })
})
