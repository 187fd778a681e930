import { describe, expect, it } from 'vitest'
import { planRestore } from '../../shared/planner/plan.ts'
import type { Retention } from '../../shared/retention.ts'
import { isKept, lockWanted, planRetention, type Retained, type Verdict } from '../../shared/retention-plan.ts'
import { seed, times } from '../support/counts.ts'
import { seeded } from '../support/random.ts'
import { keptByOracle } from './retention-oracle.ts'

const [quarter, day] = [900_000, 86_400_000]
const start = Date.parse('2026-11-02T00:00:00Z')
const instant = (time: number) => new Date(time).toISOString()
const position = (n: number) => ({ stream: 'server-1', at: String(n).padStart(12, '0') })
const policy: Retention = {
  minimumDays: 7,
  keep: { dailyDays: 21, weeklyWeeks: 6, monthlyMonths: 12, yearlyYears: 2 },
}

type Kept = Retained & { lockedUntil: string; tombstonedAt?: number }

/** A receiver that keeps a catalogue and locks in memory, and does what each daily pass decides. */
class Years {
  readonly random = seeded(seed)
  snapshots: Kept[] = []
  received = 0
  deleted = 0
  #logged = 0

  /** Sundays have no log between noon and one, and every ninth full takes hours: logs are received before it that follow its start. */
  receive(time: number): void {
    if ((time - start) % day === 8 * quarter) {
      const isLong = Math.floor((time - start) / day) % 9 === 0
      const entry = { unit: 'server', kind: 'full' as const, base: null, from: position(this.#logged) }
      const to = position(this.#logged + 5)
      const covers = { from: instant(time - 60_000), to: instant(time + 1) }
      this.#commit('full', time + (isLong ? 4 * 3_600_000 + 7 : 5000), [{ ...entry, to, covers }])
    }
    const at = new Date(time)
    if (at.getUTCDay() === 0 && at.getUTCHours() === 12) return
    const from = position(this.#logged)
    this.#logged += Math.floor(this.random() * 40)
    const covers = { from: instant(time - quarter), to: instant(time) }
    this.#commit('log', time + 2000, [
      { unit: 'server', kind: 'log', base: null, from, to: position(this.#logged), covers },
    ])
  }

  #commit(kind: 'full' | 'log', time: number, units: Kept['units']): void {
    this.received += 1
    this.snapshots.push({
      snapshot: `01ARZ3NDEKTSV4RRFFQ69G5FAV.${String(this.received).padStart(26, '0')}`,
      lane: kind === 'log' ? 'log' : 'data',
      kind,
      receivedAt: instant(time),
      minimumDays: policy.minimumDays,
      lockedUntil: instant(time + policy.minimumDays * day),
      units,
    })
  }

  inOrder(now: number): Kept[] {
    return this.snapshots
      .filter(({ receivedAt }) => Date.parse(receivedAt) <= now)
      .sort((a, b) => a.receivedAt.localeCompare(b.receivedAt) || a.snapshot.localeCompare(b.snapshot))
  }

  pass(now: number): Verdict[] {
    const known = this.inOrder(now)
    const verdicts = planRetention(known, policy, new Date(now), headsOf(known))
    const byId = new Map(known.map(each => [each.snapshot, each]))
    for (const verdict of verdicts) {
      const snapshot = byId.get(verdict.snapshot)!
      if (isKept(verdict)) {
        delete snapshot.tombstonedAt
        const until = lockWanted(verdict, snapshot.lockedUntil, new Date(now))
        if (until === undefined) continue
        expect(until).toBeGreaterThan(Date.parse(snapshot.lockedUntil))
        snapshot.lockedUntil = instant(until)
      } else snapshot.tombstonedAt ??= now
    }
    const goes = ({ tombstonedAt, lockedUntil }: Kept) =>
      tombstonedAt !== undefined && tombstonedAt + 7 * day <= now && Date.parse(lockedUntil) <= now
    const before = this.snapshots.length
    this.snapshots = this.snapshots.filter(each => !goes(each))
    this.deleted += before - this.snapshots.length
    return verdicts
  }
}

function headsOf(known: Kept[]): Set<string> {
  const heads = [known.findLast(({ lane }) => lane === 'data'), known.findLast(({ lane }) => lane === 'log')]
  return new Set(heads.flatMap(head => head?.snapshot ?? []))
}

describe('two years of daily fulls and logs every 15 minutes', () => {
  it('are kept exactly as policy says; nothing that a kept snapshot needs goes, and nothing before its lock', () => {
    const years = new Years()
    const days = times(730)
    let held = 0
    for (let n = 0; n < days; n++) {
      for (let slot = 0; slot < 96; slot++) years.receive(start + n * day + slot * quarter)
      const now = start + (n + 1) * day + Math.floor(years.random() * 3_600_000)
      const known = years.inOrder(now)
      const verdicts = years.pass(now)

      const kept = verdicts.filter(isKept).map(({ snapshot }) => snapshot)
      const expected = keptByOracle(known, policy, new Date(now), headsOf(known))
      expect(kept).toEqual(known.map(({ snapshot }) => snapshot).filter(id => expected.has(id)))

      const left = new Map(years.snapshots.map(each => [each.snapshot, each]))
      for (const { snapshot, need } of verdicts.filter(isKept)) {
        const until = Date.parse(left.get(snapshot)!.lockedUntil)
        if (need && need.until > now) expect(until).toBeGreaterThanOrEqual(need.until + day)
        expect(until).toBeGreaterThanOrEqual(Date.parse(left.get(snapshot)!.receivedAt) + policy.minimumDays * day)
      }
      const visible = years.snapshots.filter(({ tombstonedAt }) => tombstonedAt === undefined)
      for (let i = 0; i < 3; i++) {
        const time = Math.max(start + 9 * quarter, now - Math.floor(years.random() * policy.minimumDays * day))
        const at = new Date(time)
        if (at.getUTCDay() === 0 && [11, 12, 13].includes(at.getUTCHours())) continue // its log is lost
        if (time > now - 3_600_000) continue
        expect(() => planRestore(visible, { kind: 'at', at: at.toISOString() }), at.toISOString()).not.toThrow()
      }
      for (const { snapshot } of visible.filter(({ kind }) => kind === 'full'))
        expect(planRestore(visible, { kind: 'snapshot', snapshot }).snapshots).toHaveLength(1)
      held = Math.max(held, years.snapshots.length)
    }
    expect(years.received).toBeGreaterThan(days * 96)
    expect(years.deleted).toBeGreaterThan((days - 20) * 95)
    // a week, two days of what that needs, a week of tombstones, and what the calendar keeps
    expect(held).toBeLessThan((7 + 2 + 7 + 1) * 97 + 2 * (21 + 6 + 12 + 2))
  }, 600_000)
})
