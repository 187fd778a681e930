import { describe, expect, it } from 'vitest'
import { noKeepRules } from '../../shared/retention.ts'
import { planRetention, type Retained } from '../../shared/retention-plan.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'

const start = Date.UTC(2026, 0, 1)
const at = (n: number) => ({ stream: 'server-1', at: String(n).padStart(12, '0') })

/** Received a second after the one before. */
function snapshot(n: number, kind: 'full' | 'log', entry: Pick<UnitEntry, 'from' | 'to' | 'covers'>): Retained {
  return {
    snapshot: `S.${String(n).padStart(26, '0')}`,
    lane: kind === 'log' ? 'log' : 'data',
    kind,
    receivedAt: new Date(start + n * 1000).toISOString(),
    minimumDays: 1,
    units: [{ unit: 'server', kind, base: null, ...entry }],
  }
}

/** A real full, then as many fakes that end in a hundred years, then logs that each could roll on from any of them. */
function flood(fulls: number, logs: number): Retained[] {
  const [past, future] = ['2001-01-01T00:00:00Z', '2101-01-01T00:00:00Z']
  const covers = { from: past, to: future }
  const all = [snapshot(0, 'full', { from: at(1), to: at(1), covers: { from: past, to: past } })]
  for (let n = 1; n <= fulls; n++) all.push(snapshot(n, 'full', { from: at(1), to: at(1), covers }))
  for (let n = 0; n < logs; n++) all.push(snapshot(fulls + 1 + n, 'log', { from: at(1), to: at(9), covers }))
  return all
}

describe('a flood of fakes', () => {
  const policy = { minimumDays: 1, keep: noKeepRules }
  /** When the logs alone are young. */
  const nowAfter = (fulls: number) => new Date(start + fulls * 1000 + 86_400_000)
  const plan = (fulls: number, logs: number) => planRetention(flood(fulls, logs), policy, nowAfter(fulls), new Set())

  it.each([10, 249, 250, 251, 1000])('of %i fulls does not hide the real one from the logs', fulls => {
    expect(plan(fulls, 3)[0]).toMatchObject({ need: { until: expect.any(Number) } })
  })

  it('is judged in time that grows with it, and not with its square', () => {
    const began = performance.now()
    plan(40_000, 40_000)
    expect(performance.now() - began).toBeLessThan(30_000) // a second or so; the square of it takes minutes
  }, 600_000)
})
