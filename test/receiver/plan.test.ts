import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { LinkUsesResponse, RestorePlanResponse } from '../../shared/api/restore.ts'
import { newUlid } from '../../shared/ids.ts'
import { backUp, enrolAgent, fullEntry, logEntry, registerSource, type TestAgent } from './agent.ts'
import { ok, requestOf, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
let source: string
beforeAll(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver)
})
beforeEach(async () => {
  source = await registerSource(agent, newUlid())
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const time = (minutes: number) => new Date(Date.parse('2026-11-22T14:00:00Z') + minutes * 60_000).toISOString()

/** Whoever holds a link to the source. */
async function holder(wish: object = {}) {
  return holderOf(ok(await agent.call('POST', '/v1/links', { source, expiresSeconds: 3600, ...wish })).url)
}
function holderOf(url: string) {
  const headers = { authorization: `Bearer ${url.slice(url.indexOf('#') + 1)}` }
  return (method: string, target: string, body?: unknown) =>
    receiver.send(requestOf(method, target, body, headers), '192.0.2.7')
}
type Holder = ReturnType<typeof holderOf>

const askPlan = (ask: Holder, query: Record<string, string> = {}) =>
  ask('GET', `/v1/sources/${source}/plan?${new URLSearchParams(query)}`)
const planned = async (ask: Holder, query: Record<string, string> = {}) =>
  RestorePlanResponse.parse(ok(await askPlan(ask, query)))

describe('the plan of a restore', () => {
  async function chain() {
    const full = await backUp(agent, source, 'full', [fullEntry('a', 10, time(0)), fullEntry('b', 10, time(0))])
    const log = await backUp(agent, source, 'log', [logEntry('a', 10, 20, time(0), time(10))])
    const later = await backUp(agent, source, 'log', [logEntry('a', 20, 30, time(10), time(20))])
    return { full, log, later }
  }

  it('names what a restore manifest would, and uses nothing up', async () => {
    const { log } = await chain()
    const ask = await holder({ uses: 1 })
    const questions: { plan: Record<string, string>; request: object }[] = [
      { plan: {}, request: {} },
      { plan: { at: time(0) }, request: { at: time(0) } },
      { plan: { at: time(15), unit: 'a' }, request: { at: time(15), units: ['a'] } },
      { plan: { snapshot: log.snapshot }, request: { snapshot: log.snapshot } },
    ]
    for (const { plan, request } of questions) {
      const answer = await planned(ask, plan)
      const manifest = ok(await agent.call('POST', '/v1/restore-manifests', { source, ...request }))
      expect(answer.snapshots.map(({ snapshot }) => snapshot)).toEqual(
        manifest.snapshots.map(({ snapshot }: { snapshot: string }) => snapshot),
      )
      const { at, of, bytes, egressCost } = manifest
      expect(answer).toMatchObject({ at, of, bytes, egressCost, count: answer.snapshots.length, next: null })
    }
    expect(ok(await ask('GET', '/v1/link')).usesLeft).toBe(1)
  })

  it('says of each snapshot what it is, whose, how large, what it holds and until when it stays', async () => {
    const { full } = await chain()
    const { snapshots } = await planned(await holder(), { at: time(15), unit: 'a' })
    expect(snapshots.map(({ kind, lane }) => [kind, lane])).toEqual([
      ['full', 'data'],
      ['log', 'log'],
      ['log', 'log'],
    ])
    const { unit, kind, from, to, covers } = fullEntry('a', 10, time(0))
    expect(snapshots[0]).toMatchObject({
      snapshot: full.snapshot,
      receivedAt: full.receivedAt,
      agent: agent.id,
      doubtful: false,
      engineVersion: full.manifest.engineVersion,
      unitCount: 1,
      proof: null,
    })
    expect(snapshots[0]!.units).toEqual([{ unit, kind, from, to, covers }])
    expect(Date.parse(snapshots[0]!.lockedUntil)).toBeGreaterThan(receiver.clock.now.getTime())
  })

  it('says what was found bad where nothing else leads there', async () => {
    const { full } = await chain()
    const proof = { method: 'verify', level: 'opened', outcome: 'failed' }
    ok(await agent.call('POST', `/v1/snapshots/${full.snapshot}/proofs`, proof))
    const { snapshots } = await planned(await holder(), { at: time(5), unit: 'a' })
    expect(snapshots.map(({ doubtful, proof }) => [doubtful, proof?.outcome ?? null])).toEqual([
      [true, 'failed'],
      [false, null],
    ])
  })

  it('stays within the link, and is refused as a restore manifest is', async () => {
    const { full, log } = await chain()
    const code = async (ask: Holder, query: Record<string, string>) => (await askPlan(ask, query)).body.code
    const any = await holder()
    expect(await code(any, { at: time(25), unit: 'a' })).toBe('not-restorable')
    expect(await code(any, { at: time(0), snapshot: full.snapshot })).toBe('invalid-request')
    expect(await code(any, { snapshot: `${source}.${newUlid()}` })).toBe('not-found')
    const one = await holder({ snapshots: [full.snapshot] })
    expect(await code(one, { snapshot: log.snapshot })).toBe('out-of-scope')
    expect((await planned(one)).of).toBe(full.snapshot)
    const unit = await holder({ units: ['a'], until: time(12) })
    expect(await code(unit, { unit: 'b' })).toBe('out-of-scope')
    expect(await code(unit, { at: time(15) })).toBe('out-of-scope')
    const latest = await planned(unit)
    expect(latest).toMatchObject({ at: time(12), count: 3 })
    expect(latest.snapshots.flatMap(({ units }) => units.map(entry => entry.unit))).toEqual(['a', 'a', 'a'])
    const other = await registerSource(agent, newUlid())
    expect((await any('GET', `/v1/sources/${other}/plan`)).body.code).toBe('out-of-scope')
  })

  it('goes on behind the snapshot that ended a page, and refuses one that is not in it', async () => {
    const { full, log, later } = await chain()
    const ask = await holder()
    const rest = await planned(ask, { at: time(15), unit: 'a', page: full.snapshot })
    expect(rest.snapshots.map(({ snapshot }) => snapshot)).toEqual([log.snapshot, later.snapshot])
    expect(rest.count).toBe(3)
    expect((await askPlan(ask, { at: time(5), unit: 'a', page: later.snapshot })).body).toMatchObject({
      code: 'invalid-request',
      fix: expect.stringContaining('first page'),
    })
  })
})

describe('the uses of a link', () => {
  const full = () => backUp(agent, source, 'full', [fullEntry('a', 10, time(0))])
  const use = async (ask: Holder, moment: object = {}) =>
    ok(await ask('POST', '/v1/restore-manifests', { source, ...moment }))

  it('are shown to its holder, newest first, with where they came from and where they led', async () => {
    const { snapshot } = await full()
    const createdAt = receiver.clock.now.toISOString()
    const [ask, another] = [await holder(), await holder()]
    const at: string[] = []
    for (const moment of [{}, { at: time(0) }, { snapshot }]) {
      receiver.clock.advance(1)
      at.unshift(receiver.clock.now.toISOString())
      await use(ask, moment)
      await use(another)
    }
    expect(LinkUsesResponse.parse(ok(await ask('GET', '/v1/link/uses')))).toEqual({
      uses: [snapshot, time(0), 'latest'].map((what, i) => ({ at: at[i], address: '192.0.2.7', what, snapshots: 1 })),
      complete: true,
      createdBy: `agent:${agent.id}`,
      createdAt,
    })
  })

  it('are found in every month since a link was made, and its provider is not named', async () => {
    await full()
    const began = receiver.clock.now
    const wish = { tenant: agent.tenant, source, expiresSeconds: 80 * 86_400 }
    const { url } = ok(await receiver.admin('POST', '/v1/admin/links', wish))
    const ask = holderOf(url)
    try {
      for (let i = 0; i < 3; i++) {
        await use(ask)
        receiver.clock.advance(32 * 86_400)
        if (i < 2) expect(ok(await ask('GET', '/v1/link/uses')).uses).toHaveLength(i + 1)
      }
    } finally {
      receiver.clock.now = began
    }
    expect(ok(await ask('GET', '/v1/link/uses'))).toMatchObject({ createdBy: 'provider', complete: true })
  })

  it('are no business of an agent, which holds no link', async () => {
    expect((await agent.call('GET', '/v1/link/uses')).body.code).toBe('not-found')
  })
})
