import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentKey, snapshotKey } from '../../lambdas/catalogue/keys.ts'
import { findCondition } from '../../lambdas/catalogue/notices.ts'
import { findSnapshot } from '../../lambdas/catalogue/snapshots.ts'
import { update } from '../../lambdas/catalogue/table.ts'
import { chainMaxDays, chainMaxLogs } from '../../shared/continuity.ts'
import { newUlid } from '../../shared/ids.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import {
  backUp,
  commit,
  enrolAgent,
  fullEntry,
  logEntry,
  open,
  registerSource,
  stage,
  type TestAgent,
  upload,
} from './agent.ts'
import { Death } from './faults.ts'
import { ok, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
const start = Date.parse('2026-11-22T10:00:00Z')
const at = (minute: number) => new Date(start + minute * 60_000).toISOString()

beforeAll(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver)
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const newSource = () => registerSource(agent, newUlid())
const full = (source: string, ...units: [string, number][]) => {
  receiver.clock.advance(1)
  return backUp(
    agent,
    source,
    'full',
    units.map(([unit, to]) => fullEntry(unit, to, at(to))),
  )
}
const log = (source: string, ...units: [string, number, number][]) => {
  receiver.clock.advance(1)
  return backUp(
    agent,
    source,
    'log',
    units.map(([unit, from, to]) => logEntry(unit, from, to, at(from), at(to))),
  )
}
const chainOf = async (id: string) => {
  const item = await findSnapshot(receiver.ports.catalogue, id)
  if (item?.state !== 'committed') throw new Error(`${id} is not committed`)
  return item.chain
}
const condition = (source: string) => findCondition(receiver.ports.catalogue, agent.tenant, 'chain-broken', source)
const headsOf = async (source: string, as = agent) => ok(await as.call('GET', `/v1/sources/${source}/heads`))
const openLog = (source: string, run = newUlid(), as = agent) =>
  as.call('POST', '/v1/snapshots', { source, lane: 'log', kind: 'log', run, expectedBytes: 1 })

describe('a log at its commit', () => {
  it('says how long its chain is and since when', async () => {
    const source = await newSource()
    const { receivedAt } = await full(source, ['a', 10], ['b', 10])
    for (const n of [1, 2, 3]) {
      const done = await log(source, ['a', 9 + n, 10 + n], ['b', 9 + n, 10 + n])
      expect(done.warnings).toEqual([])
      expect(await chainOf(done.snapshot)).toEqual({ logs: n, since: receivedAt, broken: [], brokenCount: 0 })
    }
    const again = await full(source, ['a', 13], ['b', 13])
    const next = await log(source, ['a', 13, 14])
    expect(await chainOf(next.snapshot)).toMatchObject({ logs: 1, since: again.receivedAt })
  })

  it('that leaves a gap is stored, names the units that are broken and why, and the provider is told once', async () => {
    const source = await newSource()
    await full(source, ['a', 10], ['b', 10])
    await log(source, ['a', 10, 20], ['b', 10, 20])
    const gap = await log(source, ['a', 25, 30], ['b', 20, 30])
    expect(gap.warnings).toEqual([
      'The logs of a cannot be restored until its next full or differential: log missing 2026-11-22 10:20 to 2026-11-22 10:25',
    ])
    const after = await log(source, ['a', 30, 40], ['b', 30, 40])
    expect(await chainOf(after.snapshot)).toMatchObject({
      logs: 3,
      brokenCount: 1,
      broken: [{ unit: 'a', reason: expect.stringMatching(/10:20 to/), from: { at: '000000000025' } }],
    })
    expect(await condition(source)).toMatchObject({ recoveredAt: null, text: expect.stringMatching(/log missing/) })
    // a source with one broken unit of two goes on with its logs
    expect((await headsOf(source)).promote).toBeNull()

    const differential: UnitEntry = { ...fullEntry('a', 35, at(35)), kind: 'differential', base: gap.snapshot }
    const opened = await open(agent, source, 'differential')
    const staged = await stage(agent, opened, [{ ...differential, base: (await headsOf(source)).data.snapshot }])
    await upload(agent, staged)
    ok(await commit(agent, staged))
    expect((await condition(source))?.recoveredAt).not.toBeNull()
    const healed = await log(source, ['a', 40, 50], ['b', 40, 50])
    expect(healed.warnings).toEqual([])
    expect(await chainOf(healed.snapshot)).toMatchObject({ brokenCount: 0 })
  })

  it('reads back for a unit that neither head names', async () => {
    const source = await newSource()
    await full(source, ['a', 10], ['b', 10])
    await log(source, ['a', 10, 20], ['b', 10, 20])
    for (let n = 2; n < 8; n++) await log(source, ['a', n * 10, n * 10 + 10])
    const both = await log(source, ['a', 80, 90], ['b', 20, 90])
    expect(both.warnings).toEqual([])
    expect(await chainOf(both.snapshot)).toMatchObject({ logs: 8, brokenCount: 0 })
  })

  it('with more broken units than can be named says how many', async () => {
    const source = await newSource()
    const names = Array.from({ length: 150 }, (_, n) => `u${n}`)
    const { snapshot, warnings } = await log(source, ...names.map(name => [name, 1, 2] as [string, number, number]))
    const chain = await chainOf(snapshot)
    expect([chain!.broken.length, chain!.brokenCount, warnings.length]).toEqual([100, 150, 11])
    expect(warnings.at(-1)).toBe('The same holds for 140 more units')
  })

  it('tells of its gap also where the function dies at any call of the commit', async () => {
    for (let n = 20; ; n++) {
      const source = await newSource()
      const staged = await stage(agent, await open(agent, source, 'log'), [logEntry('a', 5, 6, at(5), at(6))])
      await upload(agent, staged)
      const death = new Death(n, 'after')
      Object.assign(receiver.seams, { table: death.table, vault: death.vault })
      await commit(agent, staged)
      Object.assign(receiver.seams, { table: <T>(t: T) => t, vault: <T>(v: T) => v })
      const { warnings } = ok(await commit(agent, staged))
      expect(warnings).toHaveLength(1)
      expect(await condition(source)).toMatchObject({ recoveredAt: null })
      if (death.step === undefined) break
    }
  }, 120_000)
})

describe('a run that asks for its heads is promoted', () => {
  it('when none of the units of the last log leads back to a full, until a full was made', async () => {
    const source = await newSource()
    await full(source, ['a', 10])
    await log(source, ['a', 20, 30])
    expect((await headsOf(source)).promote).toMatchObject({
      code: 'CHAIN_BROKEN',
      reason: expect.stringMatching(/log missing 2026-11-22 10:10 to 2026-11-22 10:20/),
    })
    expect((await openLog(source)).body).toMatchObject({
      code: 'promotion-needed',
      status: 409,
      promote: { code: 'CHAIN_BROKEN' },
    })
    await full(source, ['a', 40])
    expect((await headsOf(source)).promote).toBeNull()
    expect((await openLog(source)).status).toBe(200)
  })

  it('but not for units that no full knows: another one would not heal them', async () => {
    const source = await newSource()
    await full(source, ['a', 10])
    await log(source, ['new', 20, 30])
    expect((await headsOf(source)).promote).toBeNull()
    // nor is the condition over with a full that does not name them
    await full(source, ['a', 40])
    expect((await condition(source))?.recoveredAt).toBeNull()
    await full(source, ['a', 50], ['new', 50])
    expect((await condition(source))?.recoveredAt).not.toBeNull()
  })

  it('but not again and again where a full heals only some of them', async () => {
    const source = await newSource()
    await full(source, ['a', 10])
    await log(source, ['a', 20, 30], ['new', 20, 30])
    expect((await headsOf(source)).promote).toMatchObject({ code: 'CHAIN_BROKEN' })
    await full(source, ['a', 40])
    expect((await headsOf(source)).promote).toBeNull()
    await log(source, ['a', 40, 50], ['new', 30, 50])
    expect((await headsOf(source)).promote).toBeNull()
  })

  it('when the chain is too long in days or in logs', async () => {
    const source = await newSource()
    await full(source, ['a', 10])
    const { snapshot } = await log(source, ['a', 10, 20])
    const chain = (await chainOf(snapshot))!
    const change = (changed: object) =>
      update(receiver.ports.catalogue, {
        key: snapshotKey(snapshot, 'log'),
        update: 'SET #chain = :chain',
        values: { ':chain': { ...chain, ...changed } },
      })
    const daysAgo = (days: number) => new Date(receiver.clock.now.getTime() - days * 86_400_000).toISOString()
    await change({ since: daysAgo(chainMaxDays - 0.01), logs: chainMaxLogs - 1 })
    expect((await headsOf(source)).promote).toBeNull()
    await change({ logs: chainMaxLogs })
    expect((await headsOf(source)).promote).toMatchObject({ code: 'CHAIN_TOO_LONG' })
    await change({ since: daysAgo(chainMaxDays) })
    expect((await openLog(source)).body).toMatchObject({ promote: { code: 'CHAIN_TOO_LONG' } })
    await full(source, ['a', 30])
    expect((await headsOf(source)).promote).toBeNull()
  })

  it('when its host replaces another one, until it has made a snapshot itself', async () => {
    const source = await newSource()
    await full(source, ['a', 10])
    const held = ok(await openLog(source))
    const rebuilt = await enrolAgent(receiver, agent.tenant)
    await update(receiver.ports.catalogue, {
      key: agentKey(rebuilt.id),
      update: 'SET #predecessors = :old',
      values: { ':old': [agent.id] },
    })
    expect((await headsOf(source, rebuilt)).promote).toMatchObject({ code: 'HOST_REPLACED' })
    expect((await openLog(source, newUlid(), rebuilt)).body).toMatchObject({ promote: { code: 'HOST_REPLACED' } })
    await backUp(rebuilt, source, 'full', [fullEntry('a', 20, at(20))])
    expect((await headsOf(source, rebuilt)).promote).toBeNull()
    // the lease that the old host held is free at once
    expect(ok(await openLog(source, newUlid(), rebuilt)).snapshot).not.toBe(held.snapshot)
  })

  it('but not in the middle: a run that holds its lease is given the same snapshot again', async () => {
    const source = await newSource()
    await full(source, ['a', 10])
    const { snapshot } = await log(source, ['a', 10, 20])
    const run = newUlid()
    const opened = ok(await openLog(source, run))
    await update(receiver.ports.catalogue, {
      key: snapshotKey(snapshot, 'log'),
      update: 'SET #chain.#logs = :many',
      values: { ':many': chainMaxLogs },
    })
    expect(ok(await openLog(source, run)).snapshot).toBe(opened.snapshot)
    expect((await openLog(source)).body.code).toBe('promotion-needed')
  })
})

describe('a differential is refused, and nothing is locked,', () => {
  const refusedWith = async (source: string, units: UnitEntry[]) => {
    const staged = await stage(agent, await open(agent, source, 'differential'), units)
    await upload(agent, staged)
    return (await commit(agent, staged)).body
  }
  const on = (base: string, unit: string, to: number, stream?: string): UnitEntry => ({
    ...fullEntry(unit, to, at(to)),
    kind: 'differential',
    base,
    ...(stream ? { from: null, to: { stream, at: String(to) } } : {}),
  })

  it('on a base that holds no full of that unit, or that is ahead of it', async () => {
    const source = await newSource()
    const { snapshot } = await full(source, ['a', 10])
    expect(await refusedWith(source, [on(snapshot, 'b', 20)])).toMatchObject({
      code: 'manifest-invalid',
      detail: expect.stringMatching(/b: its base .* holds no full/),
    })
    expect(await refusedWith(source, [on(snapshot, 'a', 5)])).toMatchObject({
      code: 'manifest-invalid',
      detail: expect.stringMatching(/a: it ends before its base/),
    })
    // a differential is no base
    const { snapshot: differential } = await backUp(agent, source, 'differential', [on(snapshot, 'a', 20)])
    expect(await refusedWith(source, [on(differential, 'a', 30)])).toMatchObject({ code: 'manifest-invalid' })
    // what began anew since cannot be compared
    await backUp(agent, source, 'differential', [on(snapshot, 'a', 3, 'server-2')])
  })
})
