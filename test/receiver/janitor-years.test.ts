import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { contentKey } from '../../lambdas/catalogue/keys.ts'
import type { Snapshot } from '../../lambdas/catalogue/snapshots.ts'
import { collect, query } from '../../lambdas/catalogue/table.ts'
import { planRestore } from '../../shared/planner/plan.ts'
import type { Retention } from '../../shared/retention.ts'
import type { Retained } from '../../shared/retention-plan.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import { seed, times } from '../support/counts.ts'
import { seeded } from '../support/random.ts'
import { keptByOracle } from '../unit/retention-oracle.ts'
import { backUp, enrolAgent, registerSource } from './agent.ts'
import { Death } from './faults.ts'
import {
  clean,
  HonestHost,
  snapshotsOf,
  startReceiverInTime,
  stopReceiverInTime,
  versionsOf,
} from './janitor-support.ts'
import { ok, type TestReceiver } from './support.ts'

const day = 86_400_000
const policy: Retention = {
  minimumDays: 5,
  keep: { dailyDays: 9, weeklyWeeks: 4, monthlyMonths: 4, yearlyYears: 1 },
}

let receiver: TestReceiver
beforeAll(async () => {
  receiver = await startReceiverInTime('2026-11-02T00:00:00Z')
})
afterAll(() => stopReceiverInTime(receiver))

type Stored = Extract<Snapshot, { lockedUntil: string }>

describe('two years of backups, with the janitor at work every day and dying now and then,', () => {
  it('are kept exactly as policy says; nothing that a kept snapshot needs goes, and nothing before its lock', async () => {
    const random = seeded(seed)
    const host = new HonestHost(receiver.clock)
    const agent = await enrolAgent(receiver)
    const source = await registerSource(agent, 'shop')
    ok(await receiver.admin('PUT', `/v1/admin/tenants/${agent.tenant}/sources/${source}/retention`, policy))
    /** As it was when it was last seen, by snapshot. */
    const known = new Map<string, { retained: Retained; seen: Stored }>()
    let deaths = 0
    let deleted = 0

    for (let n = 0; n < times(730); n++) {
      await receive(n)
      receiver.clock.advance(3600 * (24 + random())) // so that its pass is due
      const expected = [await expectedNow()]
      if (n % 4 === 3) {
        const death = new Death(1 + Math.floor(random() * 45), random() < 0.5 ? 'before' : 'after')
        await clean(receiver, { death }).catch(() => {})
        if (death.step !== undefined) deaths += 1
        receiver.clock.advance(3601)
        expected.push(await expectedNow()) // what it died after may be all that there was to do
      }
      await clean(receiver)
      const found = (await snapshotsOf(receiver, source)) as Stored[]
      const shown = found.filter(({ state }) => state === 'committed').map(({ snapshot }) => snapshot)
      expect(expected).toContainEqual(shown.sort())
      await checkGone(new Set(found.map(({ snapshot }) => snapshot)))
      for (const seen of found) note(seen)
      if (n % 8 === 7) await checkLocks(found.filter(({ state }) => state === 'committed'))
    }
    expect(deaths).toBeGreaterThan(times(730) / 8)
    expect(deleted).toBeGreaterThan(times(730) * 0.6)
    expect(receiver.logged.failures.filter(failure => !`${failure}`.includes('died at'))).toEqual([])

    /** A full every third day, a log on each of them, and now and then a day without. */
    async function receive(n: number): Promise<void> {
      if (n % 3 === 0) await take('full', host.full(receiver.clock.now))
      if (n % 10 === 8) return
      receiver.clock.advance(60)
      await take('log', host.log(receiver.clock.now))
    }

    async function take(kind: 'full' | 'log', entry: UnitEntry): Promise<void> {
      const { snapshot, receivedAt } = await backUp(agent, source, kind, [entry])
      const lane = kind === 'log' ? 'log' : 'data'
      const retained = { snapshot, kind, lane, receivedAt, units: [entry], minimumDays: policy.minimumDays } as const
      const seen = (await snapshotsOf(receiver, source)).find(each => each.snapshot === snapshot) as Stored
      known.set(snapshot, { retained: { ...retained, units: [entry] }, seen })
    }

    async function expectedNow(): Promise<string[]> {
      const { data, log } = ok(await agent.call('GET', `/v1/sources/${source}/heads`))
      const heads = new Set<string>([data, log].flatMap(head => head?.snapshot ?? []))
      const received = [...known.values()].map(({ retained }) => retained)
      return [...keptByOracle(received, policy, receiver.clock.now, heads)].sort()
    }

    function note(seen: Stored): void {
      const item = known.get(seen.snapshot)!
      expect(seen.lockedUntil >= item.seen.lockedUntil).toBe(true)
      item.seen = seen
    }

    /** What is gone had its tombstone and no lock, and is gone with everything that belonged to it. */
    async function checkGone(there: Set<string>): Promise<void> {
      const now = receiver.clock.now.getTime()
      for (const [snapshot, { seen }] of known) {
        if (there.has(snapshot)) continue
        if (seen.state !== 'tombstoned') throw new Error(`${snapshot} is gone without a tombstone`)
        expect(now - Date.parse(seen.tombstonedAt)).toBeGreaterThanOrEqual(7 * day)
        expect(Date.parse(seen.lockedUntil)).toBeLessThanOrEqual(now)
        expect(await versionsOf(receiver, snapshot)).toEqual([])
        const items = query(receiver.ports.catalogue, z.unknown(), { PK: contentKey(snapshot), from: '!', to: '~' })
        expect(await collect(items)).toEqual([])
        known.delete(snapshot)
        deleted += 1
      }
    }

    /** S3 itself is asked: what a kept snapshot of the last days needs is locked for as long as that. */
    async function checkLocks(kept: Stored[]): Promise<void> {
      const locks = new Map<string, number>()
      for (const { key, lockedUntil } of await versionsOf(receiver, source)) {
        const id = key.split('/').slice(2, 4).join('.')
        locks.set(id, Math.min(locks.get(id) ?? Number.POSITIVE_INFINITY, lockedUntil?.getTime() ?? 0))
      }
      const history = kept.map(({ snapshot }) => known.get(snapshot)!.retained)
      for (const { snapshot, receivedAt } of history) {
        const until = Date.parse(receivedAt) + policy.minimumDays * day
        if (until <= receiver.clock.now.getTime()) continue
        const plan = planRestore(history, { kind: 'snapshot', snapshot })
        for (const needed of plan.snapshots) expect(locks.get(needed.snapshot)).toBeGreaterThanOrEqual(until)
      }
    }
  }, 1_200_000)
})
