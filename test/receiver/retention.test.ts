import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listAudit, monthOf } from '../../lambdas/catalogue/audit.ts'
import { findCondition } from '../../lambdas/catalogue/notices.ts'
import { keepSource } from '../../lambdas/janitor/keep-source.ts'
import { noKeepRules } from '../../shared/retention.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import { backUp, enrolAgent, fullEntry, logEntry, registerSource, type TestAgent } from './agent.ts'
import {
  clean,
  day,
  HonestHost,
  janitorPorts,
  snapshotsOf,
  startReceiverInTime,
  stateOf,
  stopReceiverInTime,
  versionsOf,
} from './janitor-support.ts'
import { ok, requestOf, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent

beforeAll(async () => {
  receiver = await startReceiverInTime('2026-11-02T08:00:00Z')
  agent = await enrolAgent(receiver)
})
afterAll(() => stopReceiverInTime(receiver))

const now = () => receiver.clock.now
const days = (n: number) => receiver.clock.advance(n * day)
const hours = (n: number) => receiver.clock.advance(n * 3600)
const retentionOf = (source: string) => `/v1/admin/tenants/${agent.tenant}/sources/${source}/retention`

/** Moves the clock, with the janitor at work every day. */
async function pass(n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    days(1)
    await clean(receiver)
  }
}

async function lockOf(snapshot: string): Promise<Date> {
  const locks = (await versionsOf(receiver, snapshot)).map(({ lockedUntil }) => lockedUntil?.getTime() ?? 0)
  expect(locks).toHaveLength(4)
  return new Date(Math.min(...locks))
}

/** Of the year that the tests take at most. */
async function auditOf(action: string, target: string) {
  const entries = []
  for (let month = 0; month < 12; month++) {
    const name = monthOf(new Date(Date.UTC(2026, 10 + month)).toISOString())
    entries.push(...(await listAudit(receiver.ports.catalogue, agent.tenant, name)))
  }
  return entries.filter(entry => entry.action === action && entry.target === target)
}

describe('retention, by the janitor,', () => {
  it('locks what a log needs for as long as the log, then tombstones, then deletes by version, and keeps the heads', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'shop')
    const first = await backUp(agent, source, 'full', [host.full(now())])
    const logs = []
    for (let i = 0; i < 4; i++) {
      await pass(1)
      logs.push(await backUp(agent, source, 'log', [host.log(now())]))
    }
    await pass(1)
    const last = logs.at(-1)!
    expect((await lockOf(first.snapshot)).getTime()).toBeGreaterThanOrEqual(Date.parse(last.lockedUntil))
    expect((await lockOf(logs[0]!.snapshot)).getTime()).toBeGreaterThanOrEqual(Date.parse(last.lockedUntil))
    expect(await lockOf(last.snapshot)).toEqual(new Date(last.lockedUntil))
    const second = await backUp(agent, source, 'full', [host.full(now())])
    const newest = await backUp(agent, source, 'log', [host.log(now())])

    days(4)
    await pass(2) // the last log is needed no more when the second full comes of age, five days after it
    expect(await stateOf(receiver, first.snapshot)).toBe('tombstoned')
    expect(await stateOf(receiver, second.snapshot)).toBe('committed')
    expect(await stateOf(receiver, newest.snapshot)).toBe('committed')
    expect(await auditOf('snapshot-tombstoned', first.snapshot)).toHaveLength(1)
    const { snapshots } = ok(await agent.call('GET', `/v1/sources/${source}/timeline`))
    expect(snapshots.map((each: { snapshot: string }) => each.snapshot)).toEqual([newest.snapshot, second.snapshot])
    const asked = await agent.call('POST', '/v1/restore-manifests', { source, snapshot: last.snapshot })
    expect(asked.status).toBe(404)
    days(3)
    await pass(1)
    expect(await versionsOf(receiver, first.snapshot)).toHaveLength(4)
    days(1)
    await pass(2)
    for (const gone of [first, ...logs]) {
      expect(await versionsOf(receiver, gone.snapshot)).toEqual([])
      expect(await stateOf(receiver, gone.snapshot)).toBeUndefined()
    }
    expect(await auditOf('snapshot-deleted', first.snapshot)).toHaveLength(1)
    days(30)
    await pass(1)
    expect(await stateOf(receiver, second.snapshot)).toBe('committed') // the newest state, whatever its age
    expect(await stateOf(receiver, newest.snapshot)).toBe('committed')
    expect(ok(await agent.call('GET', `/v1/sources/${source}/heads`)).data.snapshot).toBe(second.snapshot)
    expect(receiver.logged.failures).toEqual([])
  }, 60_000)

  it('brings back what a longer policy keeps again, and locks it for as long', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'longer')
    const first = await backUp(agent, source, 'full', [host.full(now())])
    await pass(1)
    await backUp(agent, source, 'full', [host.full(now())])
    days(6)
    await pass(1)
    expect(await stateOf(receiver, first.snapshot)).toBe('tombstoned')
    const retention = { minimumDays: 60, keep: noKeepRules }
    ok(await receiver.admin('PUT', retentionOf(source), retention))
    expect(await auditOf('retention-changed', source)).toMatchObject([{ detail: { retention } }])
    await pass(1)
    expect(await stateOf(receiver, first.snapshot)).toBe('committed')
    expect(await auditOf('snapshot-revived', first.snapshot)).toHaveLength(1)
    expect(await lockOf(first.snapshot)).toEqual(new Date(Date.parse(first.receivedAt) + 60 * day * 1000))
    ok(await receiver.admin('DELETE', retentionOf(source)))
    await pass(1)
    expect(await stateOf(receiver, first.snapshot)).toBe('tombstoned')
    days(20)
    await pass(1)
    expect(await versionsOf(receiver, first.snapshot)).toHaveLength(4) // the lock that was promised holds
  }, 60_000)

  it('shows what it would do, with reasons and dates, and does that', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'preview')
    ok(await receiver.admin('PUT', retentionOf(source), { minimumDays: 2, keep: { ...noKeepRules, weeklyWeeks: 4 } }))
    const made: { snapshot: string }[] = []
    for (let i = 0; i < 12; i++) {
      made.push(
        await backUp(agent, source, i % 3 === 0 ? 'full' : 'log', [i % 3 === 0 ? host.full(now()) : host.log(now())]),
      )
      days(1)
    }
    const { snapshots, totals } = ok(await receiver.admin('GET', retentionOf(source)))
    const going = snapshots.filter(({ goesOn }: { goesOn: string | null }) => goesOn !== null)
    expect(totals.going.snapshots).toBe(going.length)
    expect(totals.kept.snapshots + totals.needed.snapshots + totals.going.snapshots).toBe(12)
    expect(
      snapshots.some(({ rules }: { rules: string[] }) => rules.some(rule => rule.startsWith('first of week 20'))),
    ).toBe(true)
    expect(snapshots.some(({ neededBy }: { neededBy: string | null }) => neededBy === made.at(-1)!.snapshot)).toBe(true)
    const pages = []
    for (let after: number | null = 0; after !== null; ) {
      const page: any = ok(await receiver.admin('GET', `${retentionOf(source)}?after=${after}&limit=5`))
      pages.push(...page.snapshots)
      after = page.next
    }
    expect(pages).toEqual(snapshots)
    await clean(receiver)
    const gone = (await snapshotsOf(receiver, source)).filter(({ state }) => state === 'tombstoned')
    expect(gone.map(({ snapshot }) => snapshot).sort()).toEqual(going.map((each: any) => each.snapshot).sort())
    expect((await receiver.admin('GET', retentionOf('01ARZ3NDEKTSV4RRFFQ69G5FAV'))).status).toBe(404)
  }, 60_000)

  it('is paused while a tenant is suspended', async () => {
    const other = await enrolAgent(receiver)
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(other, 'paused')
    const first = await backUp(other, source, 'full', [host.full(now())])
    await backUp(other, source, 'full', [host.full(now())])
    ok(await receiver.admin('POST', `/v1/admin/tenants/${other.tenant}/suspend`, {}))
    days(20)
    await pass(1)
    expect(await stateOf(receiver, first.snapshot)).toBe('committed')
    ok(await receiver.admin('POST', `/v1/admin/tenants/${other.tenant}/resume`, {}))
    await pass(1)
    expect(await stateOf(receiver, first.snapshot)).toBe('tombstoned')
  }, 60_000)

  it('fails for one source alone, says so once, and says when it works again', async () => {
    const host = new HonestHost(receiver.clock)
    const [ill, well] = [await registerSource(agent, 'ill'), await registerSource(agent, 'well')]
    const made = new Map<string, string>()
    for (const source of [ill, well]) {
      made.set(source, (await backUp(agent, source, 'full', [host.full(now())])).snapshot)
      await backUp(agent, source, 'full', [host.full(now())])
    }
    const stuck = (source: string) => findCondition(receiver.ports.catalogue, agent.tenant, 'retention-stuck', source)
    receiver.seams.intercept = request =>
      request.url!.includes(ill) ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined
    days(6)
    await pass(1)
    days(8)
    await pass(2)
    receiver.seams.intercept = undefined
    expect(await stuck(ill)).toMatchObject({ recoveredAt: null, subject: { name: 'ill' } })
    expect(await stuck(well)).toBeUndefined()
    expect(await stateOf(receiver, made.get(well)!)).toBeUndefined()
    expect(await stateOf(receiver, made.get(ill)!)).toBe('tombstoned')
    hours(2)
    await clean(receiver)
    expect(await stuck(ill)).toMatchObject({ recoveredAt: now().toISOString() })
    expect(await stateOf(receiver, made.get(ill)!)).toBeUndefined()
    receiver.logged.failures.length = 0
  }, 60_000)

  it('waits for a lock that was extended by halves, without calling that a failure, and deletes once it ends', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'by halves')
    const old = await backUp(agent, source, 'full', [host.full(now())])
    await backUp(agent, source, 'full', [host.full(now())])
    const until = new Date(now().getTime() + 40 * day * 1000)
    const receipt = (await versionsOf(receiver, old.snapshot)).find(({ key }) => key.endsWith('commit.json'))!
    await janitorPorts(receiver).vault.extendLock(receipt.key, receipt.versionId, { mode: 'GOVERNANCE', until })
    days(6)
    await pass(1)
    expect(await stateOf(receiver, old.snapshot)).toBe('tombstoned')
    days(8)
    await pass(2)
    expect(receiver.logged.failures).toEqual([])
    expect(await versionsOf(receiver, old.snapshot)).toHaveLength(4)
    expect(await findCondition(receiver.ports.catalogue, agent.tenant, 'retention-stuck', source)).toBeUndefined()
    days(24)
    await pass(1)
    expect(await versionsOf(receiver, old.snapshot)).toEqual([])
    expect(await stateOf(receiver, old.snapshot)).toBeUndefined()
  }, 60_000)

  it('stops cleanly when its time is up, and goes on with the next invocation', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'slow')
    for (let i = 0; i < 3; i++) await backUp(agent, source, 'full', [host.full(now())])
    days(7)
    let left = 5
    await clean(receiver, { remaining: () => left-- })
    await clean(receiver, { remaining: () => 0 })
    expect((await snapshotsOf(receiver, source)).every(({ state }) => state === 'committed')).toBe(true)
    await clean(receiver)
    expect((await snapshotsOf(receiver, source)).map(({ state }) => state)).toEqual([
      'tombstoned',
      'tombstoned',
      'committed',
    ])
    expect(receiver.logged.failures).toEqual([])
  }, 60_000)

  it('does the same once when two are at it at the same time', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'twice')
    const old = []
    for (let i = 0; i < 4; i++) {
      old.push(await backUp(agent, source, 'full', [host.full(now())]))
      old.push(await backUp(agent, source, 'log', [host.log(now())]))
    }
    const chore = { tenant: agent.tenant, source }
    const both = () => Promise.all([1, 2].map(() => keepSource(janitorPorts(receiver), chore, () => 840_000)))
    days(3)
    await backUp(agent, source, 'log', [host.log(now())])
    await both()
    days(6)
    await backUp(agent, source, 'full', [host.full(now())])
    await backUp(agent, source, 'log', [host.log(now())])
    await both()
    days(8)
    await both()
    expect(receiver.logged.failures).toEqual([])
    for (const { snapshot } of old.slice(0, 6)) {
      expect(await auditOf('snapshot-tombstoned', snapshot)).toHaveLength(1)
      expect(await auditOf('snapshot-deleted', snapshot)).toHaveLength(1)
      expect(await versionsOf(receiver, snapshot)).toEqual([])
    }
  }, 60_000)
})

interface Shown {
  snapshot: string
  rules: string[]
  goesOn: string | null
}

describe('a host that was taken over', () => {
  const fake = (kind: 'full' | 'log', n: number): UnitEntry[] => {
    const [past, future] = ['2001-01-01T00:00:00Z', '2099-01-01T00:00:00Z']
    return kind === 'full'
      ? [{ ...fullEntry('server', 999_999_999, future, 0), covers: { from: past, to: n % 2 === 0 ? future : past } }]
      : [logEntry('server', 0, 999_999_999, past, future)]
  }

  it('floods fulls and logs with false times and positions, marks all bad, changes recipients: the real ones stay as policy says', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'taken')
    ok(
      await receiver.admin('PUT', retentionOf(source), {
        minimumDays: 10,
        keep: { ...noKeepRules, weeklyWeeks: 6, monthlyMonths: 3 },
      }),
    )
    const real: string[] = []
    for (let i = 0; i < 14; i++) {
      if (i % 5 === 0) real.push((await backUp(agent, source, 'full', [host.full(now())])).snapshot)
      real.push((await backUp(agent, source, 'log', [host.log(now())])).snapshot)
      days(1)
      if (i % 3 === 0) await clean(receiver)
    }
    const keptOnes = async (): Promise<Map<string, string[]>> => {
      const { snapshots } = ok(await receiver.admin('GET', retentionOf(source)))
      const kept = snapshots.filter((each: Shown) => each.goesOn === null && real.includes(each.snapshot))
      return new Map(kept.map((each: Shown) => [each.snapshot, each.rules]))
    }
    const before = await keptOnes()
    const firsts = (rules: Iterable<[string, string[]]>) =>
      [...rules].filter(([, names]) => names.some(name => /^first of (week|month)/.test(name))).map(([id]) => id)
    expect(firsts(before).length).toBeGreaterThan(1)
    for (let n = 0; n < 12; n++) {
      await backUp(agent, source, 'full', fake('full', n))
      await backUp(agent, source, 'log', fake('log', n))
    }
    const all = (await snapshotsOf(receiver, source)).filter(({ state }) => state === 'committed')
    for (const { snapshot } of all) {
      const proof = {
        method: 'verify',
        level: 'restored',
        outcome: 'failed',
        tool: 'x',
        startedAt: now().toISOString(),
      }
      await agent.call('POST', `/v1/snapshots/${snapshot}/proofs`, proof)
    }
    const after = await keptOnes()
    expect([...after.keys()]).toEqual(expect.arrayContaining([...before.keys()]))
    expect(firsts(after)).toEqual(firsts(before))
    days(6)
    await pass(1)
    const young = (await snapshotsOf(receiver, source)).filter(
      each => 'receivedAt' in each && now().getTime() - Date.parse(each.receivedAt) < 10 * day * 1000,
    )
    for (const { snapshot, state } of young) expect(state, snapshot).toBe('committed')
    expect(young.filter(({ snapshot }) => real.includes(snapshot)).length).toBeGreaterThan(1)
    days(20)
    await pass(1)
    days(8)
    await pass(1)
    for (const id of firsts(before)) {
      expect(await stateOf(receiver, id)).toBe('committed')
      expect(await versionsOf(receiver, id)).toHaveLength(4)
    }
  }, 120_000)
})

describe('a link that outlives what it leads to', () => {
  it('says that retention took it, for URLs of what was planned and for a new restore', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'outlived')
    const first = await backUp(agent, source, 'full', [host.full(now())])
    const request = { tenant: agent.tenant, source, snapshots: [first.snapshot], expiresSeconds: 90 * day }
    const { url } = ok(await receiver.admin('POST', '/v1/admin/links', request))
    const authorization = `Bearer ${url.split('#')[1]}`
    const ask = (target: string, body: object) => receiver.send(requestOf('POST', target, body, { authorization }))
    const { id } = ok(await ask('/v1/restore-manifests', { source }))
    const packs = [{ snapshot: first.snapshot, pack: 1 }]
    ok(await ask(`/v1/restore-manifests/${id}/urls`, { packs }))
    await backUp(agent, source, 'full', [host.full(now())])
    days(6)
    await pass(1)
    days(8)
    await pass(1)
    expect(await stateOf(receiver, first.snapshot)).toBeUndefined()
    const gone = { status: 409, body: { code: 'not-restorable', detail: expect.stringContaining(first.snapshot) } }
    expect(await ask(`/v1/restore-manifests/${id}/urls`, { packs })).toMatchObject(gone)
    expect(await ask('/v1/restore-manifests', { source })).toMatchObject(gone)
    const strange = [{ snapshot: `${source}.${'0'.repeat(26)}`, pack: 1 }]
    expect(await ask(`/v1/restore-manifests/${id}/urls`, { packs: strange })).toMatchObject({ status: 404 })
  })
})
