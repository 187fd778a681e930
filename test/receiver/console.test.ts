import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { enrolAgent, registerSource, type TestAgent } from './agent.ts'
import { type Answer, ok, requestOf, startReceiver, type TestReceiver } from './support.ts'

const provider = 'arn:aws:iam::000000000000:user/provider'

let receiver: TestReceiver
let agent: TestAgent
let source: string
beforeAll(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver)
  source = await registerSource(agent)
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

type Call = (method: string, target: string, body?: unknown) => Promise<Answer>

async function open(wish: object = {}): Promise<{ call: Call; secret: string; expiresAt: string }> {
  const { url, expiresAt } = ok(await receiver.admin('POST', '/v1/admin/consoles', wish))
  const [page, secret] = url.split('#')
  expect(page).toBe('https://receiver.test/console')
  return { call: by(secret), secret, expiresAt }
}

function by(secret: string): Call {
  const authorization = `Bearer ${secret}`
  return (method, target, body) => receiver.send(requestOf(method, target, body, { authorization }))
}

const auditOf = async (place: string) => ok(await receiver.admin('GET', `/v1/admin${place}/audit`)).entries

describe('a console', () => {
  let opened: Awaited<ReturnType<typeof open>>
  beforeEach(async () => {
    opened = await open()
  })

  it('says whose it is and how long it lives: an hour, where nothing else is asked for', async () => {
    const now = receiver.clock.now.getTime()
    expect(ok(await opened.call('GET', '/v1/console'))).toEqual({
      receiver: { id: 'test-receiver', name: 'Test receiver' },
      openedBy: provider,
      createdAt: new Date(now).toISOString(),
      expiresAt: new Date(now + 3_600_000).toISOString(),
      now: new Date(now).toISOString(),
    })
  })

  it.each(['/tenants', '/sources', '/notices', '/usage', '/agents?tenant=TENANT', '/links?tenant=TENANT'])(
    'answers %s as the admin API does',
    async path => {
      const target = path.replace('TENANT', agent.tenant)
      const shown = ok(await opened.call('GET', `/v1/console${target}`))
      expect(shown).toEqual(ok(await receiver.admin('GET', `/v1/admin${target}`)))
      expect(JSON.stringify(shown).length).toBeGreaterThan(20)
    },
  )

  it('makes restore links and ends them, in the name of who opened it', async () => {
    const wish = { tenant: agent.tenant, source: 'shop', expiresSeconds: 60 }
    const { name, url } = ok(await opened.call('POST', '/v1/console/links', wish))
    const holder = by(url.split('#')[1])
    expect(ok(await holder('GET', '/v1/link'))).toMatchObject({ source })
    ok(await opened.call('DELETE', `/v1/console/links/${agent.tenant}/${name}`))
    expect((await holder('GET', '/v1/link')).body.code).toBe('link-invalid')
    const [ended, made] = await auditOf(`/tenants/${agent.tenant}`)
    expect(made).toMatchObject({ action: 'link-created', actor: `console:${provider}`, target: source })
    expect(ended).toMatchObject({ action: 'link-revoked', actor: `console:${provider}`, target: source })
  })

  it('makes enrol tokens', async () => {
    const { enrol } = ok(await opened.call('POST', `/v1/console/tenants/${agent.tenant}/enrol-tokens`, {}))
    expect(enrol).toMatch(/^https:\/\/receiver\.test#test-receiver\./)
    const [made] = await auditOf(`/tenants/${agent.tenant}`)
    expect(made).toMatchObject({ action: 'enrol-token-created', actor: `console:${provider}` })
  })

  it('does nothing else that the admin API does', async () => {
    const asked = [
      ['POST', '/v1/console/tenants', { tenant: 'new', name: 'New' }],
      ['POST', `/v1/console/tenants/${agent.tenant}/suspend`, {}],
      ['POST', `/v1/console/agents/${agent.id}/revoke`, {}],
      ['PUT', `/v1/console/tenants/${agent.tenant}/retention`, {}],
      ['GET', '/v1/console/webhooks', undefined],
      ['POST', '/v1/console/consoles', {}],
      ['GET', `/v1/console/tenants/${agent.tenant}/audit`, undefined],
    ] as const
    for (const [method, target, body] of asked)
      expect((await opened.call(method, target, body)).status, `${method} ${target}`).toBe(404)
    const admin = await by(opened.secret)('GET', '/v1/admin/tenants')
    expect(admin.status).toBe(401)
  })

  it('ends for everybody who has its link, once', async () => {
    const other = by(opened.secret)
    expect((await opened.call('DELETE', '/v1/console')).status).toBe(204)
    for (const target of ['/v1/console', '/v1/console/tenants'])
      expect(await other('GET', target)).toMatchObject({ status: 403, body: { code: 'link-invalid' } })
    const audit = await auditOf('')
    expect(audit[0]).toMatchObject({ action: 'console-ended', actor: `console:${provider}`, target: provider })
    expect(audit[1]).toMatchObject({ action: 'console-opened', actor: `admin:${provider}`, target: provider })
    expect(JSON.stringify(audit)).not.toContain(opened.secret)
  })

  it('that two end at the same moment has ended for both, and is in the audit once', async () => {
    const before = (await auditOf('')).length
    const [first, second] = await Promise.all([
      opened.call('DELETE', '/v1/console'),
      opened.call('DELETE', '/v1/console'),
    ])
    // the later one may find it ended already
    expect([204, 403]).toContain(second.status)
    expect([first.status, second.status]).toContain(204)
    expect((await auditOf('')).length).toBe(before + 1)
  })

  it('ends when its time is over', async () => {
    const { call } = await open({ expiresSeconds: 60 })
    ok(await call('GET', '/v1/console'))
    receiver.clock.advance(60)
    expect(await call('GET', '/v1/console')).toMatchObject({ status: 403, body: { code: 'link-invalid' } })
  })

  it.each([59, 12 * 3600 + 1, 0.5, -1])('is not opened for %s seconds', async expiresSeconds => {
    const answer = await receiver.admin('POST', '/v1/admin/consoles', { expiresSeconds })
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-request' } })
  })

  it('takes no more requests a minute than the receiver says', async () => {
    const few = await startReceiver({ REQUESTS_PER_MINUTE: 3 })
    try {
      const { url } = ok(await few.admin('POST', '/v1/admin/consoles', {}))
      const headers = { authorization: `Bearer ${url.split('#')[1]}` }
      const answers: number[] = []
      for (let i = 0; i < 4; i++)
        answers.push((await few.send(requestOf('GET', '/v1/console', undefined, headers))).status)
      expect(answers).toEqual([200, 200, 200, 429])
    } finally {
      await few[Symbol.asyncDispose]()
    }
  })
})

it("nobody gets in with a restore link's secret, an agent's proof, or nothing", async () => {
  const link = ok(await receiver.admin('POST', '/v1/admin/links', { tenant: agent.tenant, source, expiresSeconds: 60 }))
  for (const ask of [by(link.url.split('#')[1]), by(''), by('x'.repeat(5000)), agent.call])
    expect(await ask('GET', '/v1/console/tenants')).toMatchObject({ status: 403, body: { code: 'link-invalid' } })
  const { secret } = await open()
  expect((await by(secret)('GET', '/v1/link')).body.code).toBe('link-invalid')
})
