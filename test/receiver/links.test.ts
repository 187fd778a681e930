import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AuditEntry, listAudit, monthOf } from '../../lambdas/catalogue/audit.ts'
import { findLinkByName } from '../../lambdas/catalogue/link-list.ts'
import { beginTry, endTry, failTry, nameOfLink } from '../../lambdas/catalogue/links.ts'
import { newUlid } from '../../shared/ids.ts'
import { parseAddressRange } from '../../shared/link.ts'
import { backUp, enrolAgent, fullEntry, logEntry, registerSource, type TestAgent } from './agent.ts'
import { Death, Died } from './faults.ts'
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

/** Yesterday's 14:00, and so many minutes. */
const noon = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 10 * 3_600_000
const time = (minutes: number) => new Date(noon + minutes * 60_000).toISOString()
const codeOf = ({ body }: Answer) => body?.code
const idsOf = (answer: Answer) => ok(answer).snapshots.map(({ snapshot }: { snapshot: string }) => snapshot)

interface Made {
  name: string
  secret: string
}

async function make(wish: object = {}): Promise<Made> {
  const { name, url } = ok(await agent.call('POST', '/v1/links', { source, expiresSeconds: 3600, ...wish }))
  return { name, secret: url.slice(url.indexOf('#') + 1) }
}

function by({ secret }: Pick<Made, 'secret'>, method: string, target: string, body?: unknown, options: Caller = {}) {
  const { passcode, address, headers } = options
  const authorization = `Bearer ${secret}`
  const all = { ...headers, authorization, ...(passcode === undefined ? {} : { 'x-failsafe-passcode': passcode }) }
  return receiver.send(requestOf(method, target, body, all), address)
}
interface Caller {
  passcode?: string
  address?: string
  headers?: Record<string, string>
}

const plan = (link: Pick<Made, 'secret'>, body: object = {}, caller?: Caller) =>
  by(link, 'POST', '/v1/restore-manifests', { source, ...body }, caller)
const timeline = async (link: Made, query = '') => ok(await by(link, 'GET', `/v1/sources/${source}/timeline${query}`))
const linkOf = async ({ name }: Made) => (await findLinkByName(receiver.ports.catalogue, agent.tenant, name))!
const full = (at = 10, minutes = 0, units = ['a']) =>
  backUp(
    agent,
    source,
    'full',
    units.map(unit => fullEntry(unit, at, time(minutes))),
  )
const log = (from: number, to: number, since: number, until: number, units = ['a']) =>
  backUp(
    agent,
    source,
    'log',
    units.map(unit => logEntry(unit, from, to, time(since), time(until))),
  )

async function audited(...actions: AuditEntry['action'][]): Promise<AuditEntry[]> {
  const entries = await listAudit(receiver.ports.catalogue, agent.tenant, monthOf(receiver.clock.now.toISOString()))
  return entries.filter(({ target, action }) => target === source && actions.includes(action))
}

describe('a link for some addresses', () => {
  it('can be used from there, whatever a header says, and each refusal is on record', async () => {
    await full()
    const link = await make({ addresses: ['192.0.2.7', '198.51.100.0/24', '2001:db8::/32'] })
    const ask = (address?: string, headers = {}) =>
      by(link, 'GET', '/v1/link', undefined, { ...(address && { address }), headers })
    const allowed = ['192.0.2.7', '198.51.100.200', '2001:db8:1::5', '::ffff:192.0.2.7', '::ffff:c633:6401']
    for (const address of allowed) expect([address, (await ask(address)).status]).toEqual([address, 200])
    const others = ['192.0.2.8', '198.51.101.1', '2001:db9::1', '::ffff:192.0.2.8', 'fe80::1', '', 'nonsense']
    for (const address of others) expect([address, codeOf(await ask(address))]).toEqual([address, 'address-refused'])
    const spoofed = { 'x-forwarded-for': '192.0.2.7', forwarded: 'for=192.0.2.7', 'x-real-ip': '192.0.2.7' }
    expect(codeOf(await ask('203.0.113.9', spoofed))).toBe('address-refused')
    expect(codeOf(await ask(undefined, spoofed))).toBe('address-refused')
    const refusals = await audited('link-refused')
    expect(refusals).toHaveLength(others.length + 2)
    expect(refusals[0]).toMatchObject({ actor: `link:${link.name}`, detail: { address: '192.0.2.8' } })
  })

  it('asks for the address in every call, and before the passcode: nobody locks it from elsewhere', async () => {
    const { snapshot } = await full()
    const link = await make({ addresses: ['192.0.2.0/24'], passcode: 'open sesame' })
    const home = { address: '192.0.2.1', passcode: 'open sesame' }
    const { id } = ok(await plan(link, {}, home))
    const calls: [string, string, object?][] = [
      ['GET', '/v1/link'],
      ['GET', `/v1/sources/${source}/timeline`],
      ['POST', '/v1/restore-manifests', { source }],
      ['GET', `/v1/restore-manifests/${id}`],
      ['POST', `/v1/restore-manifests/${id}/urls`, { packs: [{ snapshot, pack: 1 }] }],
      ['DELETE', '/v1/link'],
    ]
    for (const [method, target, body] of calls)
      for (let i = 0; i < 3; i++) {
        const away = { address: '203.0.113.9', passcode: 'wrong one' }
        expect(codeOf(await by(link, method, target, body, away))).toBe('address-refused')
      }
    for (const [method, target, body] of calls) expect((await by(link, method, target, body, home)).status).toBe(200)
  })

  it('takes addresses and blocks, and nothing else', async () => {
    for (const text of [
      '192.0.2.0/33',
      '192.0.2',
      '::1/129',
      'localhost',
      '192.0.2.1/',
      '1.2.3.4/8/8',
      'fe80::1%eth0',
      '/8',
    ])
      expect([text, parseAddressRange(text)]).toEqual([text, undefined])
    expect(
      codeOf(await agent.call('POST', '/v1/links', { source, expiresSeconds: 60, addresses: ['localhost'] })),
    ).toBe('invalid-request')
  })
})

describe('a link for a span of time', () => {
  /** Restorable from 0 to 60, one log every ten minutes. */
  async function hour(units = ['a']) {
    const first = await full(10, 0, units)
    const logs = []
    for (let i = 1; i <= 6; i++) logs.push(await log(i * 10, i * 10 + 10, i * 10 - 10, i * 10, units))
    return [first, ...logs].map(({ snapshot }) => snapshot)
  }

  it('leads to moments and snapshots within it, and shows no others', async () => {
    const ids = await hour()
    const link = await make({ since: time(15), until: time(35) })
    for (const at of [time(14), time(36), time(15).replace('00.000Z', '00.000-01:00')])
      expect([at, codeOf(await plan(link, { at }))]).toEqual([at, 'out-of-scope'])
    expect(idsOf(await plan(link, { at: time(75).replace('Z', '+01:00') }))).toEqual(ids.slice(0, 3))
    for (const i of [0, 1, 4, 6]) expect(codeOf(await plan(link, { snapshot: ids[i] }))).toBe('out-of-scope')
    expect(idsOf(await plan(link, { snapshot: ids[3] }))).toEqual(ids.slice(0, 4))
    const { units, snapshots } = await timeline(link)
    expect(units).toEqual([{ unit: 'a', ranges: [{ from: time(15), to: time(35) }], gaps: [] }])
    expect(snapshots.map(({ snapshot }: { snapshot: string }) => snapshot)).toEqual([ids[3], ids[2]])
  })

  it('leads to its end when no moment is named, or to the last moment before it that all units have', async () => {
    const ids = await hour(['a', 'b'])
    await log(70, 80, 60, 70, ['a'])
    const exact = ok(await plan(await make({ until: time(35) })))
    expect(exact).toMatchObject({ at: time(35), of: null })
    expect(exact.snapshots.map(({ snapshot }: { snapshot: string }) => snapshot)).toEqual(ids.slice(0, 5))
    const common = ok(await plan(await make({ until: time(65) })))
    expect([common.at, common.snapshots.length]).toEqual([time(60), ids.length])
    const early = await make({ until: time(-1) })
    expect(codeOf(await plan(early))).toBe('not-restorable')
  })

  it('whose latest state is older than it, leads nowhere', async () => {
    await full()
    const future = new Date(receiver.clock.now.getTime() + 86_400_000).toISOString()
    expect(codeOf(await plan(await make({ since: future })))).toBe('out-of-scope')
    const wrong = { source, expiresSeconds: 60, since: time(2), until: time(1) }
    expect((await agent.call('POST', '/v1/links', wrong)).body).toMatchObject({ code: 'invalid-request' })
  })
})

describe('a link for some units', () => {
  it('plans and shows these only', async () => {
    const first = await full(10, 0, ['a', 'b', 'c'])
    const second = await log(10, 20, 0, 10, ['b'])
    const link = await make({ units: ['a', 'c'] })
    const answer = ok(await plan(link))
    expect([answer.units, answer.snapshots.length]).toEqual([['a', 'c'], 1])
    expect(ok(await plan(link, { units: ['c'] })).units).toEqual(['c'])
    expect(codeOf(await plan(link, { units: ['a', 'b'] }))).toBe('out-of-scope')
    expect(codeOf(await plan(link, { snapshot: second.snapshot }))).toBe('out-of-scope')
    expect(ok(await plan(link, { snapshot: first.snapshot })).units).toEqual(['a', 'c'])
    const shown = await timeline(link)
    expect(shown.units.map(({ unit }: { unit: string }) => unit)).toEqual(['a', 'c'])
    expect(shown.snapshots).toMatchObject([{ snapshot: first.snapshot, unitCount: 2 }])
    expect(JSON.stringify(shown)).not.toContain('"b"')
    expect((await timeline(link, '?unit=b')).units).toEqual([])
    expect(shown.runs).toEqual([])
  })
})

describe('a link for some snapshots', () => {
  it('leads to the newest of them, or to the one that is named', async () => {
    const ids = [await full(10), await full(20), await full(30)].map(({ snapshot }) => snapshot)
    const link = await make({ snapshots: [ids[1], ids[0]] })
    expect(ok(await plan(link))).toMatchObject({ of: ids[1], at: null })
    expect(idsOf(await plan(link, { snapshot: ids[0] }))).toEqual([ids[0]])
    expect(codeOf(await plan(link, { snapshot: ids[2] }))).toBe('out-of-scope')
    const shown = await timeline(link)
    expect(shown.snapshots.map(({ snapshot }: { snapshot: string }) => snapshot)).toEqual([ids[1], ids[0]])
    expect([shown.units, shown.window]).toEqual([[], null])
    const page = await timeline(link, '?limit=1')
    expect((await timeline(link, `?limit=1&before=${page.next}`)).snapshots).toMatchObject([{ snapshot: ids[0] }])
  })

  it('is refused when a limit is one that this receiver does not know', async () => {
    const { snapshot } = await full()
    expect(codeOf(await agent.call('POST', '/v1/links', { source, expiresSeconds: 60, snapshot }))).toBe(
      'invalid-request',
    )
  })
})

describe('a link ends', () => {
  it('when its agent, the provider or its holder says so, with all that was planned', async () => {
    const { snapshot } = await full()
    const ways: ((link: Made) => Promise<Answer>)[] = [
      ({ name }) => agent.call('DELETE', `/v1/links/${name}`),
      ({ name }) => receiver.admin('DELETE', `/v1/admin/links/${agent.tenant}/${name}`),
      link => by(link, 'DELETE', '/v1/link'),
    ]
    for (const end of ways) {
      const link = await make()
      const { id } = ok(await plan(link))
      const { revokedAt } = ok(await end(link))
      expect(Date.parse(revokedAt)).toBe(receiver.clock.now.getTime())
      for (const answer of [
        await by(link, 'GET', '/v1/link'),
        await plan(link),
        await by(link, 'GET', `/v1/restore-manifests/${id}`),
        await by(link, 'POST', `/v1/restore-manifests/${id}/urls`, { packs: [{ snapshot, pack: 1 }] }),
      ])
        expect(codeOf(answer)).toBe('link-invalid')
      expect((await linkOf(link)).revokedAt).toBe(revokedAt)
    }
    const actors = (await audited('link-revoked')).map(({ actor }) => actor.slice(0, actor.indexOf(':')))
    expect(actors).toEqual(['agent', 'admin', 'link'])
  })

  it('once: asked again the same is answered, and no second audit entry is there', async () => {
    const { name } = await make()
    const first = ok(await agent.call('DELETE', `/v1/links/${name}`))
    receiver.clock.advance(5)
    const again = await Promise.all([1, 2, 3].map(() => agent.call('DELETE', `/v1/links/${name}`)))
    expect(again.map(ok)).toEqual([first, first, first])
    expect(await audited('link-revoked')).toHaveLength(1)
  })

  it("by nobody else's word", async () => {
    const { name } = await make()
    const other = await enrolAgent(receiver)
    const sibling = await enrolAgent(receiver, agent.tenant)
    const [foreign, unknown] = [
      await other.call('DELETE', `/v1/links/${name}`),
      await other.call('DELETE', '/v1/links/aaaaaaaaaaaa'),
    ]
    expect(foreign.body).toEqual(unknown.body)
    expect(codeOf(await sibling.call('DELETE', `/v1/links/${name}`))).toBe('not-found')
    expect(codeOf(await receiver.admin('DELETE', `/v1/admin/links/${other.tenant}/${name}`))).toBe('not-found')
    const request = { tenant: agent.tenant, source, expiresSeconds: 60 }
    const provided = ok(await receiver.admin('POST', '/v1/admin/links', request))
    expect(codeOf(await agent.call('DELETE', `/v1/links/${provided.name}`))).toBe('not-found')
    expect(codeOf(await receiver.admin('DELETE', '/v1/link'))).toBe('proof-invalid')
    expect(codeOf(await agent.call('DELETE', '/v1/link'))).toBe('not-found')
  })
})

describe("the provider's list of links", () => {
  it('says what each is for and what became of it, page by page', async () => {
    const owner = await enrolAgent(receiver)
    const theirs = await registerSource(owner, 'shop')
    await backUp(owner, theirs, 'full', [fullEntry('a', 10, time(0))])
    const names: string[] = []
    for (let i = 0; i < 27; i++)
      names.push(ok(await owner.call('POST', '/v1/links', { source: theirs, expiresSeconds: 600, uses: 2 })).name)
    const provided = ok(
      await receiver.admin('POST', '/v1/admin/links', {
        tenant: owner.tenant,
        source: 'shop',
        expiresSeconds: 60,
        units: ['a'],
        addresses: ['192.0.2.1'],
        passcode: 'open sesame',
      }),
    )
    ok(await owner.call('DELETE', `/v1/links/${names[0]}`))
    const pages = []
    for (let after = ''; ; ) {
      const page = ok(await receiver.admin('GET', `/v1/admin/links?tenant=${owner.tenant}${after}`))
      pages.push(page.links)
      if (page.next === null) break
      after = `&after=${page.next}`
    }
    expect(pages.map(({ length }) => length)).toEqual([25, 3])
    const links = pages.flat()
    expect(links.map(({ name }) => name)).toEqual([...names, provided.name].sort())
    const named = (name: string) => links.find(link => link.name === name)
    expect(named(names[0]!)).toMatchObject({ sourceName: 'shop', agent: owner.id, uses: 2, used: 0, units: null })
    expect(named(names[0]!).revokedAt).not.toBeNull()
    expect(named(provided.name)).toMatchObject({
      agent: null,
      units: ['a'],
      addresses: ['192.0.2.1'],
      passcode: true,
      locked: false,
    })
    expect(JSON.stringify(links)).not.toContain('hash')
    receiver.clock.advance(61)
    const alive = ok(await receiver.admin('GET', `/v1/admin/links?tenant=${owner.tenant}`))
    expect(alive.links.map(({ name }: { name: string }) => name)).not.toContain(provided.name)
  })
})

describe('a use of a link', () => {
  it('is consumed once by a request that is asked again, also at the same time', async () => {
    await full()
    const link = await make({ uses: 3 })
    const idempotencyKey = newUlid()
    const first = ok(await plan(link, { idempotencyKey }))
    const again = await Promise.all([1, 2, 3].map(() => plan(link, { idempotencyKey })))
    expect(again.map(ok)).toEqual([first, first, first])
    const together = await Promise.all([1, 2, 3].map(() => plan(link, { idempotencyKey: `${idempotencyKey}2` })))
    expect(new Set(together.map(answer => ok(answer).id)).size).toBe(1)
    expect((await linkOf(link)).used).toBe(2)
    expect(await audited('link-used')).toHaveLength(2)
    // another request is another use, and another holder has nothing of it
    ok(await plan(link, { idempotencyKey, at: time(0) }))
    expect(codeOf(await plan(link, { idempotencyKey: newUlid() }))).toBe('link-invalid')
    expect(ok(await plan(await make(), { idempotencyKey })).id).not.toBe(first.id)
  })

  it('is consumed once wherever the function dies, and a restore manifest is never there without it', async () => {
    await full()
    const idempotencyKey = newUlid()
    let died = 0
    for (let at = 1; ; at++) {
      let survived = true
      for (const when of ['before', 'after'] as const) {
        const link = await make({ uses: 5 })
        const death = new Death(at, when)
        receiver.seams.table = death.table
        try {
          await plan(link, { idempotencyKey })
        } finally {
          receiver.seams.table = table => table
        }
        if (death.step !== undefined) {
          survived = false
          died++
        }
        const { id } = ok(await plan(link, { idempotencyKey }))
        expect([death.step, (await linkOf(link)).used]).toEqual([death.step, 1])
        const uses = (await audited('link-used')).filter(({ actor }) => actor === `link:${link.name}`)
        expect([death.step, uses.length]).toEqual([death.step, 1])
        ok(await by(link, 'GET', `/v1/restore-manifests/${id}`))
      }
      if (survived) break
    }
    expect(died).toBeGreaterThan(20)
    expect(receiver.logged.failures.some(error => error instanceof Died)).toBe(true)
  })

  it('is on record with where it came from and what was planned', async () => {
    const { snapshot, manifest } = await full()
    const link = await make()
    ok(await plan(link, { at: time(0) }, { address: '192.0.2.44' }))
    expect(await audited('link-used')).toMatchObject([
      {
        actor: `link:${link.name}`,
        detail: {
          address: '192.0.2.44',
          moment: { kind: 'at', at: time(0) },
          snapshots: 1,
          newest: snapshot,
          bytes: manifest.packs[0]!.size,
        },
      },
    ])
  })
})

describe('a passcode', () => {
  it('is one that a request can carry', async () => {
    for (const passcode of ['grüße!', 'with\ttab', ' leading', 'trailing ', 'emoji🙂', 'abc', 'line\nfeed'])
      expect([
        passcode,
        codeOf(await agent.call('POST', '/v1/links', { source, expiresSeconds: 60, passcode })),
      ]).toEqual([passcode, 'invalid-request'])
    await full()
    const passcode = '~!# correct, "horse" {battery}'
    expect((await plan(await make({ passcode }), {}, { passcode })).status).toBe(200)
  })

  it('that is wrong counts once, however often the write is sent, and ten lock the link', async () => {
    const link = await make({ passcode: 'open sesame' })
    const item = await linkOf(link)
    const begin = (id: string) => beginTry(receiver.ports.catalogue, item, id, receiver.clock.now)
    for (let i = 0; i < 20; i++) expect(await begin('one try')).toBe(true)
    expect(await linkOf(link)).toMatchObject({ tries: 1 })
    for (let i = 0; i < 9; i++) expect(codeOf(await plan(link, {}, { passcode: 'guess' }))).toBe('passcode-wrong')
    expect(await begin('one too many')).toBe(false)
    expect(await begin('one try')).toBe(true)
    await failTry(receiver.ports.catalogue, item, 'one try')
    expect(codeOf(await plan(link, {}, { passcode: 'open sesame' }))).toBe('link-invalid')
    expect(nameOfLink(item)).toBe(link.name)
  })

  it('may be tried ten times at once: who comes then is asked to wait, and is let in after it', async () => {
    const link = await make({ passcode: 'open sesame' })
    const item = await linkOf(link)
    for (let i = 0; i < 10; i++)
      expect(await beginTry(receiver.ports.catalogue, item, `try ${i}`, receiver.clock.now)).toBe(true)
    const refused = await by(link, 'GET', '/v1/link', undefined, { passcode: 'open sesame' })
    expect([codeOf(refused), Number(refused.headers.get('retry-after'))]).toEqual(['throttled', expect.any(Number)])
    await endTry(receiver.ports.catalogue, item, 'try 0')
    ok(await by(link, 'GET', '/v1/link', undefined, { passcode: 'open sesame' }))
  })

  it('that nobody knows the end of, because its function died, counts as wrong after a minute', async () => {
    const link = await make({ passcode: 'open sesame' })
    const item = await linkOf(link)
    for (let i = 0; i < 10; i++) await beginTry(receiver.ports.catalogue, item, `try ${i}`, receiver.clock.now)
    expect(codeOf(await plan(link, {}, { passcode: 'open sesame' }))).toBe('throttled')
    receiver.clock.advance(61)
    expect(codeOf(await plan(link, {}, { passcode: 'open sesame' }))).toBe('link-invalid')
  })

  it('that is right may come from thirty at once', async () => {
    const link = await make({ passcode: 'open sesame' })
    const ask = () => by(link, 'GET', '/v1/link', undefined, { passcode: 'open sesame' })
    const answers = await Promise.all(Array.from({ length: 30 }, ask))
    for (const answer of answers) expect([undefined, 'throttled']).toContain(codeOf(answer))
    expect((await linkOf(link)).tries).toBe(0)
  })

  it('that is wrong is on record with where it came from, and right ones do not count', async () => {
    await full()
    const link = await make({ passcode: 'open sesame' })
    expect(codeOf(await plan(link, {}, { passcode: 'guess', address: '192.0.2.9' }))).toBe('passcode-wrong')
    expect(await audited('passcode-wrong')).toMatchObject([
      { actor: `link:${link.name}`, detail: { address: '192.0.2.9' } },
    ])
    for (let i = 0; i < 12; i++) ok(await by(link, 'GET', '/v1/link', undefined, { passcode: 'open sesame' }))
    expect((await linkOf(link)).tries).toBe(1)
  })
})
