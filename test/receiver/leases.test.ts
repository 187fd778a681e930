import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { laneKey } from '../../lambdas/catalogue/keys.ts'
import { opensAnHour } from '../../lambdas/catalogue/leases.ts'
import { update } from '../../lambdas/catalogue/table.ts'
import { newUlid } from '../../shared/ids.ts'
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
  windowOf,
} from './agent.ts'
import { ok, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
let source: string
const at = new Date().toISOString()
beforeAll(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver)
})
beforeEach(async () => {
  source = await registerSource(agent, newUlid())
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const openAs = (run: string, lane: 'data' | 'log' = 'data') =>
  agent.call('POST', '/v1/snapshots', { source, lane, kind: lane === 'log' ? 'log' : 'full', run, expectedBytes: 1 })
const renew = (snapshot: string, lease: string) => agent.call('POST', `/v1/snapshots/${snapshot}/renew`, { lease })
const abort = (snapshot: string, lease: string) => agent.call('DELETE', `/v1/snapshots/${snapshot}?lease=${lease}`)

describe('the lease of a lane', () => {
  it('is given to the same run again, with the same snapshot', async () => {
    const run = newUlid()
    const first = ok(await openAs(run))
    receiver.clock.advance(60)
    const again = ok(await openAs(run))
    expect(again.snapshot).toBe(first.snapshot)
    expect(again.lease.token).toBe(first.lease.token)
    expect(Date.parse(again.lease.until) - receiver.clock.now.getTime()).toBe(300_000)
  })

  it('is given so many times an hour, however the runs end: who comes then is told when to come again', async () => {
    const first = ok(await openAs(newUlid()))
    await update(receiver.ports.catalogue, {
      key: laneKey(source, 'data'),
      update: 'SET #opened.#count = :count',
      values: { ':count': opensAnHour - 1 },
    })
    ok(await abort(first.snapshot, first.lease.token))
    const run = newUlid()
    const last = ok(await openAs(run))
    expect(ok(await openAs(run)).snapshot).toBe(last.snapshot)
    ok(await abort(last.snapshot, last.lease.token))
    const refused = await openAs(newUlid())
    expect(refused).toMatchObject({ status: 429, body: { code: 'throttled', fix: expect.any(String) } })
    const wait = Number(refused.headers.get('retry-after'))
    expect(wait).toBeLessThanOrEqual(3600)
    receiver.clock.advance(wait - 1)
    expect((await openAs(newUlid())).body.code).toBe('throttled')
    receiver.clock.advance(1)
    ok(await openAs(newUlid()))
  })

  it('is given to one of several runs that ask at the same time', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => openAs(newUlid())))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
    for (const { body } of answers.filter(({ status }) => status === 409)) expect(body.code).toBe('lane-held')
  })

  it('keeps another run out, and says who holds it until when', async () => {
    const run = newUlid()
    const { lease } = ok(await openAs(run))
    expect((await openAs(newUlid())).body).toMatchObject({ code: 'lane-held', heldBy: run, until: lease.until })
  })

  it('is one of two: the log lane is free while the data lane is held', async () => {
    ok(await openAs(newUlid()))
    expect((await openAs(newUlid(), 'log')).status).toBe(200)
  })

  it('when it has expired is taken over by the next run, and the old run is fenced off', async () => {
    const old = await open(agent, source)
    const staged = await stage(agent, old, [fullEntry('a', 1, at)])
    await upload(agent, staged)
    receiver.clock.advance(301)
    const next = await open(agent, source)
    expect(next.snapshot).not.toBe(old.snapshot)
    const stale = [
      await renew(old.snapshot, old.lease.token),
      await agent.call('POST', `/v1/snapshots/${old.snapshot}/parts`, {
        lease: old.lease.token,
        parts: windowOf(staged.parts),
      }),
      await agent.call('GET', `/v1/snapshots/${old.snapshot}/packs/1/parts?lease=${old.lease.token}`),
      await agent.call('POST', `/v1/snapshots/${old.snapshot}/packs/1/complete`, {
        lease: old.lease.token,
        pack: staged.manifest.packs[0],
      }),
      await commit(agent, staged),
    ]
    for (const { body } of stale) expect(body.code).toBe('lease-stale')
    expect((await openAs(old.run)).body.code).toBe('lane-held')
  })

  it('that expired and was not taken over is renewed as if nothing had happened', async () => {
    const { snapshot, lease } = await open(agent, source)
    receiver.clock.advance(3600)
    expect(Date.parse(ok(await renew(snapshot, lease.token)).until)).toBe(receiver.clock.now.getTime() + 300_000)
    expect((await openAs(newUlid())).body.code).toBe('lane-held')
  })

  it('wants its own token with every call', async () => {
    const { snapshot } = await open(agent, source)
    const wrong = 'x'.repeat(43)
    const part = { pack: 1, number: 1, size: 1, sha256: Buffer.alloc(32).toString('base64') }
    const answers = [
      await renew(snapshot, wrong),
      await abort(snapshot, wrong),
      await agent.call('POST', `/v1/snapshots/${snapshot}/parts`, { lease: wrong, parts: [part] }),
      await agent.call('GET', `/v1/snapshots/${snapshot}/packs/1/parts?lease=${wrong}`),
    ]
    for (const { body } of answers) expect(body.code).toBe('lease-stale')
  })

  it('ends with an abort, which may be asked for again; the same run is told', async () => {
    const opened = await open(agent, source)
    for (let i = 0; i < 2; i++) expect(ok(await abort(opened.snapshot, opened.lease.token)).state).toBe('abandoned')
    expect((await openAs(opened.run)).body).toMatchObject({
      code: 'snapshot-state',
      snapshot: opened.snapshot,
      state: 'abandoned',
    })
    expect((await renew(opened.snapshot, opened.lease.token)).body.code).toBe('lease-stale')
    expect((await openAs(newUlid())).status).toBe(200)
  })

  it('is not called lost to an agent that still waits for the answer of its commit', async () => {
    const done = await backUp(agent, source, 'full', [fullEntry('a', 1, at)])
    await open(agent, source)
    expect(Date.parse(ok(await renew(done.snapshot, done.lease)).until)).toBe(receiver.clock.now.getTime() + 300_000)
    expect((await renew(done.snapshot, 'x'.repeat(43))).body.code).toBe('lease-stale')
  })

  it('ends with the commit, after which nothing can be aborted; the same run is told', async () => {
    const done = await backUp(agent, source, 'full', [fullEntry('a', 1, at)])
    expect((await abort(done.snapshot, done.lease)).body).toMatchObject({ code: 'snapshot-state', state: 'committed' })
    expect((await openAs(done.run)).body).toMatchObject({
      code: 'snapshot-state',
      snapshot: done.snapshot,
      state: 'committed',
    })
  })

  it('hands out the heads of both lanes to go on from', async () => {
    const data = await backUp(agent, source, 'full', [fullEntry('a', 10, at)])
    const log = await backUp(agent, source, 'log', [logEntry('a', 10, 20, at, at)])
    const { heads, partSize, limits } = await open(agent, source)
    expect([heads.data?.snapshot, heads.log?.snapshot]).toEqual([data.snapshot, log.snapshot])
    expect(heads.log?.units).toEqual([logEntry('a', 10, 20, at, at)])
    expect([partSize, limits]).toEqual([16 * 1024 ** 2, { partsPerPack: 1000, partsPerWindow: 64 }])
  })
})

describe('opening and committing', () => {
  it('is refused at the commit when the head of the lane has moved: a run that was overtaken cannot put itself before', async () => {
    await backUp(agent, source, 'full', [fullEntry('a', 10, at)])
    const staged = await stage(agent, await open(agent, source), [fullEntry('a', 20, at)])
    await upload(agent, staged)
    await update(receiver.ports.catalogue, {
      key: laneKey(source, 'data'),
      update: 'SET #head = :other',
      values: { ':other': `${source}.${newUlid()}` },
    })
    expect((await commit(agent, staged)).body.code).toBe('head-moved')
  })

  it('chooses the part size by what is expected', async () => {
    const sizeFor = async (expectedBytes: number) =>
      ok(
        await agent.call('POST', '/v1/snapshots', {
          source: await registerSource(agent, newUlid()),
          lane: 'data',
          kind: 'full',
          run: newUlid(),
          expectedBytes,
        }),
      ).partSize /
      1024 ** 2
    expect([await sizeFor(64 * 1024 ** 3), await sizeFor(64 * 1024 ** 3 + 1), await sizeFor(1024 ** 4 + 1)]).toEqual([
      16, 32, 64,
    ])
  })
})
