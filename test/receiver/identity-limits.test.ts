import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listAudit, monthOf } from '../../lambdas/catalogue/audit.ts'
import { spendDownload } from '../../lambdas/catalogue/downloads.ts'
import { newUlid } from '../../shared/ids.ts'
import { fingerprintOf, newSigningKey } from '../../shared/jws.ts'
import { makeProof } from '../../shared/proof.ts'
import { backUp, enrolAgent, enrolment, fullEntry, registerSource, signed, type TestAgent } from './agent.ts'
import { ok, requestOf, startReceiver, type TestReceiver } from './support.ts'

const perMinute = 20
let receiver: TestReceiver
let agent: TestAgent
beforeAll(async () => {
  receiver = await startReceiver({ REQUESTS_PER_MINUTE: perMinute, DAILY_DOWNLOAD_BYTES: 5000 })
})
beforeEach(async () => {
  receiver.clock.now = new Date((Math.floor(receiver.clock.now.getTime() / 60_000) + 1) * 60_000)
  agent = await enrolAgent(receiver)
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const ask = (who = agent) => who.call('GET', '/v1/sources')

describe('the rate of an agent', () => {
  it('is exact over whatever is asked at once, of whichever function, and begins anew each minute', async () => {
    const other = await enrolAgent(receiver)
    const targets = ['/v1/sources', '/v1/restore-manifests/none', '/v1/sources']
    const answers = await Promise.all(
      Array.from({ length: perMinute + 15 }, (_, i) => agent.call('GET', targets[i % 3]!)),
    )
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(15)
    for (const { body, headers } of refused) {
      expect(body).toMatchObject({ code: 'throttled', detail: expect.stringContaining(String(perMinute)) })
      expect(headers.get('retry-after')).toBe('60')
    }
    expect((await ask(other)).status).toBe(200)
    receiver.clock.advance(59)
    expect((await ask()).headers.get('retry-after')).toBe('1')
    receiver.clock.advance(1)
    expect((await ask()).status).toBe(200)
  })

  it('cannot be used up by who has not got its key, nor with its own requests again', async () => {
    const stranger = await newSigningKey()
    const request = { method: 'GET', target: '/v1/sources', body: new Uint8Array() }
    const proof = await makeProof(request, agent.key, agent.id, receiver.id, receiver.clock.now)
    const replay = () => receiver.send(requestOf('GET', '/v1/sources', undefined, { authorization: `Proof ${proof}` }))
    expect((await replay()).status).toBe(200)
    for (let i = 0; i < perMinute; i++) {
      expect((await signed(receiver, stranger, agent.id, 'GET', '/v1/sources')).body.code).toBe('proof-invalid')
      expect((await replay()).body.code).toBe('proof-replayed')
      expect((await receiver.send(requestOf('GET', '/v1/sources'))).status).toBe(401)
    }
    expect((await ask()).status).toBe(200)
  })
})

describe('the rate of a link', () => {
  it('is that of an agent; who asks from an address that it is not for cannot use it up, nor fill the audit', async () => {
    const source = await registerSource(agent)
    const wish = { source, expiresSeconds: 600, addresses: ['192.0.2.7'] }
    const { url } = ok(await agent.call('POST', '/v1/links', wish))
    const from = (address: string) =>
      receiver.send(requestOf('GET', '/v1/link', undefined, { authorization: `Bearer ${url.split('#')[1]}` }), address)
    const many = async (address: string) => {
      const answers = await Promise.all(Array.from({ length: perMinute + 5 }, () => from(address)))
      return Object.entries(Object.groupBy(answers, ({ body }) => body.code ?? 'ok')).map(([code, all]) => [
        code,
        all!.length,
      ])
    }
    expect((await many('198.51.100.1')).sort()).toEqual([
      ['address-refused', perMinute],
      ['throttled', 5],
    ])
    expect((await many('192.0.2.7')).sort()).toEqual([
      ['ok', perMinute],
      ['throttled', 5],
    ])
    receiver.clock.advance(60)
    expect((await from('192.0.2.7')).status).toBe(200)
  })
})

describe('enrolling with a wrong token', () => {
  it('is bounded for the whole receiver, and never in the way of a right one', async () => {
    const token = ok(await receiver.admin('POST', `/v1/admin/tenants/${agent.tenant}/enrol-tokens`, {})).enrol.split(
      '#',
    )[1]
    const key = await newSigningKey()
    const fingerprint = await fingerprintOf(key)
    const enrol = (token: string) =>
      signed(receiver, key, fingerprint, 'POST', '/v1/enrolments', { ...enrolment(key), token })
    const codes = new Map<string, number>()
    for (let i = 0; i < 31; i++) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => enrol(`${receiver.id}.${newUlid()}`)))
      for (const { body } of answers) codes.set(body.code, (codes.get(body.code) ?? 0) + 1)
    }
    expect([...codes]).toEqual([
      ['token-invalid', 300],
      ['throttled', 10],
    ])
    expect((await enrol(token)).status).toBe(200)
    receiver.clock.advance(60)
    expect((await enrol(`${receiver.id}.x`)).body.code).toBe('token-invalid')
  })
})

describe('the download budget of a day', () => {
  const spend = (bytes: number, budget = 1000) =>
    spendDownload(receiver.ports.catalogue, agent.id, bytes, budget, receiver.clock.now)
  const said = async () =>
    (await listAudit(receiver.ports.catalogue, agent.tenant, monthOf(receiver.clock.now.toISOString()))).filter(
      ({ action }) => action === 'download-budget-spent',
    ).length

  it('is exact over whatever is asked at once; the audit says once a day that it is spent', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => spend(90)))
    expect(all.filter(Boolean)).toHaveLength(11)
    expect([await spend(10), await spend(1)]).toEqual([true, false])
    expect(await said()).toBe(1)
    expect(await spend(50, 2000)).toBe(true)
    receiver.clock.advance(86_400)
    expect([await spend(1001), await spend(1000), await spend(1)]).toEqual([false, true, false])
    expect(await said()).toBe(receiver.clock.now.getUTCDate() === 1 ? 1 : 2)
    expect(await spend(0)).toBe(true)
  })

  it('stops whoever has the key of a host from fetching more, with a link that it makes too; a link of the provider does not count', async () => {
    const source = await registerSource(agent)
    const { snapshot } = await backUp(agent, source, 'full', [fullEntry('a', 1, new Date().toISOString())])
    const fetchOnce = async () => {
      const { id } = ok(await agent.call('POST', '/v1/restore-manifests', { source, snapshot }))
      return agent.call('POST', `/v1/restore-manifests/${id}/urls`, { packs: [{ snapshot, pack: 1 }] })
    }
    // some 2,200 bytes each, of 5,000
    expect([(await fetchOnce()).status, (await fetchOnce()).status]).toEqual([200, 200])
    expect((await fetchOnce()).body).toMatchObject({ code: 'quota-exceeded', fix: expect.any(String) })
    expect(await said()).toBe(1)
    const fetchWith = async ({ url }: { url: string }) => {
      const authorization = `Bearer ${url.split('#')[1]}`
      const by = (method: string, target: string, body?: unknown) =>
        receiver.send(requestOf(method, target, body, { authorization }))
      const { id } = ok(await by('POST', '/v1/restore-manifests', { source }))
      return by('POST', `/v1/restore-manifests/${id}/urls`, { packs: [{ snapshot, pack: 1 }] })
    }
    const wish = { source, expiresSeconds: 600 }
    const own = await fetchWith(ok(await agent.call('POST', '/v1/links', wish)))
    expect(own.body).toMatchObject({ code: 'quota-exceeded', fix: expect.stringContaining('provider') })
    const { tenant } = agent
    expect((await fetchWith(ok(await receiver.admin('POST', '/v1/admin/links', { tenant, ...wish })))).status).toBe(200)
    receiver.clock.advance(86_400)
    expect((await fetchOnce()).status).toBe(200)
  })
})
