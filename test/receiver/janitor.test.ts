import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { contentKey, packKey as packItemKey, snapshotKey } from '../../lambdas/catalogue/keys.ts'
import { findCondition } from '../../lambdas/catalogue/notices.ts'
import { collect, prefixed, query, update } from '../../lambdas/catalogue/table.ts'
import { long } from '../support/counts.ts'
import { commit, enrolAgent, open, registerSource, stage, type TestAgent, upload, windowOf } from './agent.ts'
import { Death } from './faults.ts'
import {
  clean,
  day,
  HonestHost,
  startReceiverInTime,
  stateOf,
  stopReceiverInTime,
  uploadsOf,
  versionsOf,
} from './janitor-support.ts'
import { ok, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent

beforeAll(async () => {
  receiver = await startReceiverInTime('2026-11-02T08:00:00Z')
  agent = await enrolAgent(receiver)
})
afterAll(() => stopReceiverInTime(receiver))

const now = () => receiver.clock.now
const minutes = (n: number) => receiver.clock.advance(n * 60)
const days = (n: number) => receiver.clock.advance(n * day)
const items = (snapshot: string) =>
  collect(query(receiver.ports.catalogue, z.looseObject({}), { PK: contentKey(snapshot), from: '!', to: '~' }))
const item = (snapshot: string) =>
  collect(
    query(
      receiver.ports.catalogue,
      z.looseObject({ ttl: z.number().optional(), gpk: z.string().optional() }),
      prefixed(snapshotKey(snapshot, 'data').PK, snapshotKey(snapshot, 'data').SK),
    ),
  )

describe('the janitor, with snapshots that were not committed,', () => {
  it('gives up an open one seven days after the last word of its agent, and then takes away what it left', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'given up')
    const staged = await stage(agent, await open(agent, source), [host.full(now())])
    await upload(agent, staged)
    days(6)
    await agent.call('GET', '/v1/sources')
    days(3)
    await clean(receiver)
    expect(await stateOf(receiver, staged.snapshot)).toBe('open')
    days(4.1)
    await clean(receiver)
    expect(await stateOf(receiver, staged.snapshot)).toBe('abandoned')
    expect(await uploadsOf(receiver, staged.snapshot)).toHaveLength(1)
    minutes(15)
    await clean(receiver)
    expect(await uploadsOf(receiver, staged.snapshot)).toHaveLength(1) // a URL of it may live still
    minutes(6)
    await clean(receiver)
    expect(await uploadsOf(receiver, staged.snapshot)).toEqual([])
    expect(await items(staged.snapshot)).toEqual([])
    const [left] = await item(staged.snapshot)
    expect(left!.gpk).toBeUndefined()
    expect(left!.ttl! - now().getTime() / 1000).toBeCloseTo(30 * day, -2)
  })

  it('removes the objects of one that was aborted, also of packs that were completed and never written down', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'aborted')
    const staged = await stage(agent, await open(agent, source), [host.full(now())])
    await upload(agent, staged)
    const pack = staged.manifest.packs[0]!
    ok(await agent.call('POST', `/v1/snapshots/${staged.snapshot}/packs/1/complete`, { lease: staged.lease, pack }))
    await update(receiver.ports.catalogue, {
      key: packItemKey(staged.snapshot, 1),
      update: 'REMOVE #versionId',
    })
    ok(await agent.call('DELETE', `/v1/snapshots/${staged.snapshot}?lease=${staged.lease}`))
    expect(await versionsOf(receiver, staged.snapshot)).toHaveLength(1)
    minutes(21)
    await clean(receiver)
    expect(await versionsOf(receiver, staged.snapshot)).toEqual([])
    expect(await items(staged.snapshot)).toEqual([])
  })

  it('drives a commit that its agent left to the end', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'left')
    const staged = await stage(agent, await open(agent, source), [host.full(now())])
    await upload(agent, staged)
    await dieIn(staged, 9)
    expect(await stateOf(receiver, staged.snapshot)).toBe('committing')
    minutes(11)
    await clean(receiver)
    expect(await stateOf(receiver, staged.snapshot)).toBe('committed')
    expect(ok(await agent.call('GET', `/v1/sources/${source}/heads`)).data.snapshot).toBe(staged.snapshot)
  })

  it('tells when a commit cannot be finished for an hour, once, and when it can again', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'stuck')
    const staged = await stage(agent, await open(agent, source), [host.full(now())])
    await upload(agent, staged)
    await dieIn(staged, 9)
    const stuck = () => findCondition(receiver.ports.catalogue, agent.tenant, 'commit-stuck', source)
    receiver.seams.intercept = request =>
      request.method === 'PUT' && request.url!.includes('retention')
        ? { kind: 'error', status: 400, code: 'InvalidRequest' }
        : undefined
    minutes(11)
    await clean(receiver)
    expect(await stuck()).toBeUndefined()
    minutes(61)
    await clean(receiver)
    expect(await stuck()).toMatchObject({ recoveredAt: null, subject: { name: 'stuck' } })
    receiver.seams.intercept = undefined
    minutes(61)
    await clean(receiver)
    expect(await stuck()).toMatchObject({ recoveredAt: now().toISOString() })
    expect(await stateOf(receiver, staged.snapshot)).toBe('committed')
  })

  it('removes the packs of a committed one that its manifest does not name, and no other', async () => {
    const host = new HonestHost(receiver.clock)
    const source = await registerSource(agent, 'strays')
    const staged = await stage(agent, await open(agent, source), [host.full(now())])
    await upload(agent, staged)
    ok(
      await agent.call('POST', `/v1/snapshots/${staged.snapshot}/parts`, {
        lease: staged.lease,
        parts: [...windowOf(staged.parts, 2), ...windowOf(staged.parts, 3)],
      }),
    )
    ok(await commit(agent, staged))
    expect(await uploadsOf(receiver, staged.snapshot)).toHaveLength(2)
    minutes(30)
    await clean(receiver)
    expect(await uploadsOf(receiver, staged.snapshot)).toEqual([])
    expect(await versionsOf(receiver, staged.snapshot)).toHaveLength(4)
    expect(await stateOf(receiver, staged.snapshot)).toBe('committed')
    expect((await item(staged.snapshot))[0]!.gpk).toBeUndefined()
  })

  it('goes on with what is left after a death at any call', async () => {
    for (const when of ['before', 'after'] as const)
      for (let n = 1; ; n += long ? 1 : 5) {
        const host = new HonestHost(receiver.clock)
        const source = await registerSource(agent, `dead ${when} ${n}`)
        const staged = await stage(agent, await open(agent, source), [host.full(now())])
        await upload(agent, staged)
        const pack = staged.manifest.packs[0]!
        ok(await agent.call('POST', `/v1/snapshots/${staged.snapshot}/packs/1/complete`, { lease: staged.lease, pack }))
        ok(
          await agent.call('POST', `/v1/snapshots/${staged.snapshot}/parts`, {
            lease: staged.lease,
            parts: windowOf(staged.parts, 2),
          }),
        )
        ok(await agent.call('DELETE', `/v1/snapshots/${staged.snapshot}?lease=${staged.lease}`))
        minutes(21)
        const death = new Death(n, when)
        await clean(receiver, { death }).catch(() => {})
        minutes(90)
        await clean(receiver)
        expect(await versionsOf(receiver, staged.snapshot), death.step).toEqual([])
        expect(await uploadsOf(receiver, staged.snapshot), death.step).toEqual([])
        expect(await items(staged.snapshot), death.step).toEqual([])
        if (death.step === undefined) break
      }
  }, 120_000)

  async function dieIn(staged: Parameters<typeof commit>[1], call: number) {
    const death = new Death(call, 'before')
    Object.assign(receiver.seams, { table: death.table, vault: death.vault })
    expect((await commit(agent, staged)).status).toBe(500)
    Object.assign(receiver.seams, { table: <T>(t: T) => t, vault: <T>(v: T) => v })
  }
})
