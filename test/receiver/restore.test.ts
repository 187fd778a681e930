import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listAudit, monthOf } from '../../lambdas/catalogue/audit.ts'
import { agentKey, linkKey, packKey, tenantKey } from '../../lambdas/catalogue/keys.ts'
import { findLinkByName } from '../../lambdas/catalogue/link-list.ts'
import { update } from '../../lambdas/catalogue/table.ts'
import { findUsage } from '../../lambdas/catalogue/usage.ts'
import { newUlid } from '../../shared/ids.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import { backUp, enrolAgent, fullEntry, logEntry, registerSource, type TestAgent } from './agent.ts'
import { type Answer, ok, requestOf, startReceiver, type TestReceiver } from './support.ts'

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
const makeLink = async (wish: object = {}) => {
  const { name, url, expiresAt } = ok(await agent.call('POST', '/v1/links', { source, expiresSeconds: 3600, ...wish }))
  return { secret: url.slice(url.indexOf('#') + 1) as string, name: name as string, url, expiresAt }
}
const linkNamed = async (name: string) => (await findLinkByName(receiver.ports.catalogue, agent.tenant, name))!
const withLink = (secret: string, method: string, target: string, body?: unknown, passcode?: string): Promise<Answer> =>
  receiver.send(
    requestOf(method, target, body, {
      authorization: `Bearer ${secret}`,
      ...(passcode === undefined ? {} : { 'x-failsafe-passcode': passcode }),
    }),
  )
const plan = (secret: string, body: object = {}, passcode?: string) =>
  withLink(secret, 'POST', '/v1/restore-manifests', { source, ...body }, passcode)
const full = (at = 10) => backUp(agent, source, 'full', [fullEntry('a', at, time(0))])
const idsOf = (answer: Answer) => ok(answer).snapshots.map(({ snapshot }: { snapshot: string }) => snapshot)

describe('a restore, with three units on two lanes', () => {
  const differential = (unit: string, base: string, at: number, minutes: number): UnitEntry => ({
    ...fullEntry(unit, at, time(minutes)),
    kind: 'differential',
    base,
  })

  it('takes for each unit what it needs, in one order', async () => {
    const units = ['a', 'b', 'c']
    const full1 = await backUp(
      agent,
      source,
      'full',
      units.map(unit => fullEntry(unit, 10, time(0))),
    )
    const log1 = await backUp(
      agent,
      source,
      'log',
      units.map(unit => logEntry(unit, 10, 20, time(0), time(10))),
    )
    const diff = await backUp(agent, source, 'differential', [differential('b', full1.snapshot, 25, 12)])
    const log2 = await backUp(
      agent,
      source,
      'log',
      ['a', 'b'].map(unit => logEntry(unit, 20, 30, time(10), time(20))),
    )
    const log3 = await backUp(
      agent,
      source,
      'log',
      units.map(unit => logEntry(unit, unit === 'c' ? 20 : 30, 40, time(20), time(30))),
    )
    const full2 = await backUp(
      agent,
      source,
      'full',
      units.map(unit => fullEntry(unit, 45, time(40))),
    )
    const ask = async (body: object) => idsOf(await agent.call('POST', '/v1/restore-manifests', { source, ...body }))

    expect(await ask({})).toEqual([full2.snapshot])
    expect(await ask({ at: time(25) })).toEqual([full1, diff, log1, log2, log3].map(s => s.snapshot))
    expect(await ask({ at: time(15), units: ['b'] })).toEqual([full1, diff, log2].map(s => s.snapshot))
    expect(await ask({ at: time(15), units: ['a'] })).toEqual([full1, log1, log2].map(s => s.snapshot))
    expect(await ask({ at: time(10) })).toEqual([full1.snapshot, log1.snapshot])
    expect(await ask({ snapshot: log2.snapshot })).toEqual([full1, diff, log1, log2].map(s => s.snapshot))
    expect(await ask({ snapshot: diff.snapshot })).toEqual([full1.snapshot, diff.snapshot])
    const refused = await agent.call('POST', '/v1/restore-manifests', { source, at: time(35) })
    expect(refused.body).toMatchObject({ code: 'not-restorable', nearest: { before: time(30), after: time(40) } })

    const { units: ranges, snapshots } = ok(await agent.call('GET', `/v1/sources/${source}/timeline`))
    expect(ranges.map((u: { unit: string }) => u.unit)).toEqual(units)
    for (const { ranges: spans, gaps } of ranges) {
      expect(spans).toEqual([
        { from: time(0), to: time(30) },
        { from: time(40), to: time(40) },
      ])
      expect(gaps).toMatchObject([{ from: time(30), to: time(40) }])
    }
    expect(snapshots.map((s: { snapshot: string }) => s.snapshot)).toEqual(
      [full2, log3, log2, diff, log1, full1].map(s => s.snapshot),
    )
  })

  it('goes round what a verify found bad, until a verify passes again', async () => {
    const first = await full()
    const second = await full(20)
    const prove = (outcome: string) =>
      agent.call('POST', `/v1/snapshots/${second.snapshot}/proofs`, { method: 'verify', level: 'stored', outcome })
    const latest = async () => idsOf(await agent.call('POST', '/v1/restore-manifests', { source }))
    ok(await prove('failed'))
    expect(await latest()).toEqual([first.snapshot])
    ok(await prove('passed'))
    expect(await latest()).toEqual([second.snapshot])
    const { snapshots } = ok(await agent.call('GET', `/v1/sources/${source}/timeline`))
    expect(snapshots[0]).toMatchObject({ bad: false, proof: { method: 'verify', outcome: 'passed' } })
  })

  it('goes through what was found bad where nothing else leads, and says so', async () => {
    const first = await full()
    const log = await backUp(agent, source, 'log', [logEntry('a', 10, 20, time(0), time(10))])
    for (const { snapshot } of [first, log]) {
      const proof = { method: 'verify', level: 'opened', outcome: 'failed' }
      ok(await agent.call('POST', `/v1/snapshots/${snapshot}/proofs`, proof))
    }
    for (const moment of [{}, { at: time(5) }, { snapshot: log.snapshot }]) {
      const answer = ok(await agent.call('POST', '/v1/restore-manifests', { source, ...moment }))
      expect(answer).toMatchObject({ doubtful: [first.snapshot, log.snapshot], next: null })
      expect(answer.snapshots).toHaveLength(2)
    }
    expect(ok(await agent.call('POST', '/v1/restore-manifests', { source, at: time(0) })).doubtful).toEqual([
      first.snapshot,
    ])
    const { units, snapshots } = ok(await agent.call('GET', `/v1/sources/${source}/timeline`))
    expect([units[0].ranges, snapshots.map(({ bad }: { bad: boolean }) => bad)]).toEqual([[], [true, true]])
  })

  it('does not let a lesser proof take back a greater one', async () => {
    const { snapshot } = await full()
    const prove = async (level: string, outcome: string) => {
      ok(await agent.call('POST', `/v1/snapshots/${snapshot}/proofs`, { method: 'verify', level, outcome }))
      return ok(await agent.call('GET', `/v1/sources/${source}/timeline`)).snapshots[0]
    }
    expect(await prove('opened', 'failed')).toMatchObject({ bad: true })
    expect(await prove('kit', 'passed')).toMatchObject({ bad: true, proof: { level: 'opened', outcome: 'failed' } })
    expect(await prove('stored', 'passed')).toMatchObject({ bad: true, proof: { level: 'opened', outcome: 'failed' } })
    expect(await prove('kit', 'failed')).toMatchObject({ bad: true, proof: { level: 'opened', outcome: 'failed' } })
    expect(await prove('stored', 'passed')).toMatchObject({ bad: true, proof: { level: 'opened', outcome: 'failed' } })
    expect(await prove('opened', 'passed')).toMatchObject({ bad: false, proof: { level: 'opened', outcome: 'passed' } })
    expect(await prove('stored', 'failed')).toMatchObject({ bad: true, proof: { level: 'stored', outcome: 'failed' } })
  })

  it('answers what proves each snapshot, and what it will cost', async () => {
    const { snapshot, jws, receivedAt } = await full()
    const answer = ok(await agent.call('POST', '/v1/restore-manifests', { source, at: time(0) }))
    expect(answer).toMatchObject({
      source,
      engine: 'mysql',
      at: time(0),
      snapshots: [
        { snapshot, receivedAt, manifest: jws, agent: agent.id, agentKey: { x: agent.key.x }, certificate: null },
      ],
      egressCost: { amount: 0.01, currency: 'USD' },
      next: null,
    })
    expect(ok(await agent.call('GET', `/v1/restore-manifests/${answer.id}?page=0`))).toEqual(answer)
  })

  it('pages through the timeline', async () => {
    const all = []
    for (let i = 0; i < 5; i++) all.unshift((await full(i)).snapshot)
    const first = ok(await agent.call('GET', `/v1/sources/${source}/timeline?limit=2`))
    const second = ok(await agent.call('GET', `/v1/sources/${source}/timeline?limit=3&before=${first.next}`))
    expect([...first.snapshots, ...second.snapshots].map(({ snapshot }: { snapshot: string }) => snapshot)).toEqual(all)
    expect([second.next, second.units]).toEqual([null, []])
  })
})

describe('URLs for packs', () => {
  it('are signed for packs of this restore only, and for its holder only', async () => {
    const mine = await full()
    const other = await registerSource(agent, newUlid())
    const foreign = await backUp(agent, other, 'full', [fullEntry('a', 1, time(0))])
    const { secret } = await makeLink()
    const { id } = ok(await plan(secret))
    const sign = (snapshot: string, pack = 1, by = secret) =>
      withLink(by, 'POST', `/v1/restore-manifests/${id}/urls`, { packs: [{ snapshot, pack }] })
    const { urls } = ok(await sign(mine.snapshot))
    const bytes = Buffer.from(await (await fetch(urls[0].url)).arrayBuffer())
    expect(bytes.equals(Buffer.concat(mine.parts))).toBe(true)
    expect((await sign(foreign.snapshot)).body.code).toBe('not-found')
    expect((await sign(mine.snapshot, 2)).body.code).toBe('not-found')
    expect((await sign(mine.snapshot, 1, (await makeLink()).secret)).body.code).toBe('not-found')
    const asAgent = await agent.call('POST', `/v1/restore-manifests/${id}/urls`, {
      packs: [{ snapshot: mine.snapshot, pack: 1 }],
    })
    expect(asAgent.body.code).toBe('not-found')
  })

  it("stay within a link's budget, over all its uses: its content twice, or as often as it may be used", async () => {
    const { snapshot, parts } = await full()
    const size = parts.reduce((sum, part) => sum + part.length, 0)
    for (const { uses, times, left } of [
      { uses: 1, times: 2, left: 0 },
      { uses: 3, times: 3, left: 2 },
    ]) {
      const { secret, name } = await makeLink({ uses })
      const { id } = ok(await plan(secret))
      const packs = (count: number) => ({ packs: Array(count).fill({ snapshot, pack: 1 }) })
      const sign = (count: number) => withLink(secret, 'POST', `/v1/restore-manifests/${id}/urls`, packs(count))
      ok(await sign(1))
      expect((await sign(times)).body.code).toBe('quota-exceeded')
      ok(await sign(times - 1))
      expect((await sign(1)).body.code).toBe('quota-exceeded')
      for (let i = 0; i < left; i++) ok(await plan(secret))
      expect((await sign(1)).body.code).toBe('quota-exceeded')
      expect(await linkNamed(name)).toMatchObject({ used: uses, signedBytes: times * size, byteBudget: times * size })
    }
  })

  it("of an agent stay within its day's budget", async () => {
    const { snapshot } = await full()
    const { tenant } = agent
    const set = (bytes: number | null) =>
      update(receiver.ports.catalogue, {
        key: tenantKey(tenant),
        update: 'SET #dailyDownloadBytes = :bytes',
        values: { ':bytes': bytes },
      })
    const { id } = ok(await agent.call('POST', '/v1/restore-manifests', { source }))
    const sign = () => agent.call('POST', `/v1/restore-manifests/${id}/urls`, { packs: [{ snapshot, pack: 1 }] })
    await set(0)
    expect((await sign()).body.code).toBe('quota-exceeded')
    await set(null)
    expect((await sign()).status).toBe(200)
  })

  it('count for the month of their source', async () => {
    const { snapshot, parts } = await full()
    const { secret } = await makeLink()
    const { id } = ok(await plan(secret))
    ok(await withLink(secret, 'POST', `/v1/restore-manifests/${id}/urls`, { packs: [{ snapshot, pack: 1 }] }))
    const month = monthOf(receiver.clock.now.toISOString())
    const usage = await findUsage(receiver.ports.catalogue, { tenant: agent.tenant, source }, month)
    expect(usage).toMatchObject({ restores: 1, downloadedBytes: Buffer.concat(parts).length })
  })

  it('charge a pack once in full, however many ask for it at the same moment', async () => {
    const { snapshot } = await full()
    const { secret, name } = await makeLink({ uses: 20 })
    const { id, bytes } = ok(await plan(secret))
    // a pack of many GiB: signing it again counts 64 MiB
    await update(receiver.ports.catalogue, {
      key: packKey(snapshot, 1),
      update: 'SET #size = :size',
      values: { ':size': 60 * 1024 ** 3 },
    })
    await update(receiver.ports.catalogue, {
      key: linkKey((await linkNamed(name)).hash),
      update: 'SET #byteBudget = :budget',
      values: { ':budget': 61 * 1024 ** 3 },
    })
    const packs = [{ snapshot, pack: 1 }]
    const sign = () => withLink(secret, 'POST', `/v1/restore-manifests/${id}/urls`, { packs })
    const answers = await Promise.all([sign(), sign(), sign(), sign()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(bytes).toBeLessThan(10_000)
    expect((await linkNamed(name)).signedBytes).toBe(60 * 1024 ** 3 + 3 * 64 * 1024 ** 2)
  })

  it('end with the link', async () => {
    const { snapshot } = await full()
    const { secret } = await makeLink({ expiresSeconds: 60 })
    const { id } = ok(await plan(secret))
    receiver.clock.advance(61)
    const packs = [{ snapshot, pack: 1 }]
    expect((await withLink(secret, 'POST', `/v1/restore-manifests/${id}/urls`, { packs })).body.code).toBe(
      'link-invalid',
    )
  })
})

describe('a restore link', () => {
  it('says what it allows, without using itself up, and the address of its page is public', async () => {
    await full()
    const { secret, url, expiresAt } = await makeLink({ uses: 2 })
    expect(url).toMatch(/^https:\/\/receiver\.test\/r#/)
    for (let i = 0; i < 3; i++) {
      const info = ok(await withLink(secret, 'GET', '/v1/link'))
      expect(info).toMatchObject({
        source,
        engine: 'mysql',
        snapshots: null,
        units: null,
        expiresAt,
        usesLeft: 2,
        passcode: false,
      })
      ok(await withLink(secret, 'GET', `/v1/sources/${source}/timeline`))
    }
    const page = await receiver.send(requestOf('GET', '/r'))
    expect(page.text).toContain('failsafe restore')
  })

  it('is used by planning a restore, as often as it allows, also when two are asked for at once', async () => {
    await full()
    const { secret } = await makeLink({ uses: 2 })
    const answers = await Promise.all([1, 2, 3, 4].map(() => plan(secret)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 403, 403])
    expect(ok(await withLink(secret, 'GET', '/v1/link')).usesLeft).toBe(0)
  })

  it('is not used up by a moment that cannot be restored', async () => {
    await full()
    const { secret } = await makeLink({ uses: 1 })
    expect((await plan(secret, { at: time(-5) })).body.code).toBe('not-restorable')
    expect((await plan(secret, { at: time(0) })).status).toBe(200)
  })

  it('expires by the clock, and one that was made up is refused alike', async () => {
    await full()
    const { secret } = await makeLink({ expiresSeconds: 60 })
    receiver.clock.advance(60)
    const [expired, madeUp] = [await plan(secret), await plan('made-up')]
    expect(expired.body).toEqual(madeUp.body)
    expect(expired.body.code).toBe('link-invalid')
  })

  it('of an agent lives 24 hours at most, and ends with it', async () => {
    await full()
    const tooLong = await agent.call('POST', '/v1/links', { source, expiresSeconds: 86_401 })
    expect(tooLong.body.code).toBe('invalid-request')
    const { secret } = await makeLink()
    const set = (state: string) =>
      update(receiver.ports.catalogue, { key: agentKey(agent.id), update: 'SET #state = :s', values: { ':s': state } })
    await set('revoked')
    expect((await withLink(secret, 'GET', '/v1/link')).body.code).toBe('link-invalid')
    await set('active')
    expect((await withLink(secret, 'GET', '/v1/link')).status).toBe(200)
  })

  it('covers its source, and its snapshot where it names one', async () => {
    const first = await full()
    const second = await full(20)
    const other = await registerSource(agent, newUlid())
    const { secret } = await makeLink({ snapshots: [first.snapshot] })
    expect(idsOf(await plan(secret))).toEqual([first.snapshot])
    expect(idsOf(await plan(secret, { snapshot: first.snapshot }))).toEqual([first.snapshot])
    expect((await plan(secret, { snapshot: second.snapshot })).body.code).toBe('out-of-scope')
    expect((await plan(secret, { at: time(0) })).body.code).toBe('out-of-scope')
    expect((await withLink(secret, 'GET', `/v1/sources/${other}/timeline`)).body.code).toBe('out-of-scope')
    const { snapshots } = ok(await withLink(secret, 'GET', `/v1/sources/${source}/timeline`))
    expect(snapshots).toMatchObject([{ snapshot: first.snapshot }])
    const foreign = await agent.call('POST', '/v1/links', {
      source: other,
      snapshots: [first.snapshot],
      expiresSeconds: 60,
    })
    expect(foreign.body.code).toBe('not-found')
  })

  it('with a passcode wants it every time, and ten wrong ones lock it, also when they are tried at once', async () => {
    await full()
    const { secret } = await makeLink({ passcode: 'correct horse' })
    expect((await plan(secret)).body.code).toBe('passcode-required')
    expect((await plan(secret, {}, 'correct horse')).status).toBe(200)
    const guesses = await Promise.all(Array.from({ length: 14 }, (_, i) => plan(secret, {}, `guess ${i}`)))
    const codes = guesses.map(({ body }) => body.code)
    expect(codes.filter(code => code === 'passcode-wrong')).toHaveLength(10)
    // while ten are being tried nobody knows yet that all of them are wrong
    expect(codes.filter(code => code === 'link-invalid' || code === 'throttled')).toHaveLength(4)
    expect((await plan(secret, {}, 'correct horse')).body.code).toBe('link-invalid')
  })

  it('leaves an audit entry for each use, without its secret', async () => {
    await full()
    const { secret } = await makeLink()
    ok(await plan(secret))
    const month = monthOf(receiver.clock.now.toISOString())
    const entries = (await listAudit(receiver.ports.catalogue, agent.tenant, month)).filter(
      entry => entry.target === source,
    )
    expect(entries.map(({ action }) => action)).toEqual(['source-registered', 'link-created', 'link-used'])
    expect(JSON.stringify(entries)).not.toContain(secret)
  })
})
