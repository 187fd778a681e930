import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listAudit, monthOf } from '../../lambdas/catalogue/audit.ts'
import { backUp, enrolAgent, fullEntry, registerSource } from './agent.ts'
import { ok, receiverId, requestOf, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
beforeAll(async () => {
  receiver = await startReceiver({ PUBLIC_URL: 'https://backup.example.net/' })
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const audited = async (tenant: string) =>
  (await listAudit(receiver.ports.catalogue, tenant, monthOf(receiver.clock.now.toISOString()))).map(
    ({ actor, action }) => [actor, action],
  )
const provider = 'admin:arn:aws:iam::000000000000:user/provider'

describe('the provider', () => {
  it('makes, lists and shows tenants', async () => {
    const made = ok(await receiver.admin('POST', '/v1/admin/tenants', { tenant: 'acme', name: 'Acme GmbH' }))
    expect(made).toMatchObject({ tenant: 'acme', state: 'active', minimumDays: 30 })
    ok(await receiver.admin('POST', '/v1/admin/tenants', { tenant: 'zeta', name: 'Zeta', minimumDays: 90 }))
    expect(ok(await receiver.admin('GET', '/v1/admin/tenants')).tenants).toEqual([
      made,
      expect.objectContaining({ tenant: 'zeta', minimumDays: 90 }),
    ])
    expect(ok(await receiver.admin('GET', '/v1/admin/tenants/acme'))).toEqual(made)
    expect((await receiver.admin('POST', '/v1/admin/tenants', { tenant: 'acme', name: 'x' })).body.code).toBe(
      'name-taken',
    )
    expect((await receiver.admin('POST', '/v1/admin/tenants', { tenant: 'Ac me', name: 'x' })).body.code).toBe(
      'invalid-request',
    )
    expect((await receiver.admin('GET', '/v1/admin/tenants/nobody')).body.code).toBe('not-found')
  })

  it('hands out enrolment tokens and links under the public address', async () => {
    const { enrol, expiresAt } = ok(await receiver.admin('POST', '/v1/admin/tenants/acme/enrol-tokens', {}))
    expect(enrol).toMatch(new RegExp(`^https://backup\\.example\\.net#${receiverId}\\.[\\w-]{43}$`))
    expect(Date.parse(expiresAt) - receiver.clock.now.getTime()).toBe(600_000)
    expect((await receiver.admin('POST', '/v1/admin/tenants/nobody/enrol-tokens', {})).body.code).toBe('not-found')

    const agent = await enrolAgent(receiver, 'acme')
    const source = await registerSource(agent)
    const link = ok(
      await receiver.admin('POST', '/v1/admin/links', { tenant: 'acme', source: 'shop', expiresSeconds: 86_400 * 90 }),
    )
    expect(link.url).toMatch(/^https:\/\/backup\.example\.net\/r#[\w-]{43}$/)
    await registerSource(await enrolAgent(receiver, 'acme'))
    const ask = (source: string) =>
      receiver.admin('POST', '/v1/admin/links', { tenant: 'acme', source, expiresSeconds: 60 })
    expect((await ask('shop')).body).toMatchObject({ code: 'invalid-request', fix: expect.stringContaining(source) })
    expect((await ask(source)).status).toBe(200)
    expect((await ask('none')).body.code).toBe('not-found')
    const { snapshot } = await backUp(agent, source, 'full', [fullEntry('a', 1, new Date().toISOString())])
    const other = await receiver.admin('POST', '/v1/admin/links', {
      tenant: 'acme',
      source: 'zzz',
      snapshots: [snapshot],
      expiresSeconds: 60,
    })
    expect(other.body.code).toBe('not-found')
  })

  it('sees what is protected, of one tenant or of all', async () => {
    const all = ok(await receiver.admin('GET', '/v1/admin/sources')).sources
    expect(all).toHaveLength(2)
    expect(ok(await receiver.admin('GET', '/v1/admin/sources?tenant=zeta')).sources).toEqual([])
    expect(all[0]).toMatchObject({ tenant: 'acme', name: 'shop', engine: 'mysql', agentName: 'db 1' })
  })

  it('leaves an audit entry with every act', async () => {
    expect(await audited('zeta')).toEqual([[provider, 'tenant-created']])
    const acts = await audited('acme')
    expect(acts.filter(([, action]) => action === 'link-created')).toEqual([1, 2].map(() => [provider, 'link-created']))
    expect(acts.filter(([, action]) => action === 'enrol-token-created')).toHaveLength(3)
    expect(acts.map(([, action]) => action)).toContain('agent-enrolled')
    expect(acts.map(([, action]) => action)).toContain('source-registered')
  })

  it('is only who came through the AWS_IAM authorizer', async () => {
    const answer = await receiver.send(requestOf('GET', '/v1/admin/tenants'))
    expect([answer.status, answer.body.code]).toEqual([401, 'proof-invalid'])
  })
})
