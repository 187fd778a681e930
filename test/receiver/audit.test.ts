import { DeleteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminApi } from '../../lambdas/admin-api/app.ts'
import { auditBefore, auditCreation, listAudit, monthOf, recordAudit } from '../../lambdas/catalogue/audit.ts'
import { snapshotKey } from '../../lambdas/catalogue/keys.ts'
import { put } from '../../lambdas/catalogue/table.ts'
import { backUp, enrolAgent, fullEntry, registerSource, type TestAgent } from './agent.ts'
import { ok, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
let source: string
let snapshot: string
const at = new Date().toISOString()

beforeAll(async () => {
  receiver = await startReceiver({ WEBHOOK_ADDRESSES: 'any' })
  agent = await enrolAgent(receiver, 'acme')
  source = await registerSource(agent)
  snapshot = (await backUp(agent, source, 'full', [fullEntry('a', 1, at)])).snapshot
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const admin = (method: string, target: string, body?: unknown) => receiver.admin(method, target, body)
const month = () => monthOf(receiver.clock.now.toISOString())
const entries = () => listAudit(receiver.ports.catalogue, 'acme', month())
const retention = { minimumDays: 40, keep: { dailyDays: 1, weeklyWeeks: 0, monthlyMonths: 0, yearlyYears: 0 } }
const inTenant = '/v1/admin/tenants/acme'

const webhook = async () => ok(await admin('GET', '/v1/admin/webhooks')).webhooks[0].id

/** An act of each kind: the call, after what must be there for it, and the action that the audit calls it. */
const acts: Record<
  string,
  { action: string; act: () => Promise<{ status: number; text: string }>; of?: string | null }
> = {
  'POST /v1/admin/consoles': {
    action: 'console-opened',
    of: null,
    act: () => admin('POST', '/v1/admin/consoles', {}),
  },
  'POST /v1/admin/tenants': {
    action: 'tenant-created',
    of: 'other',
    act: () => admin('POST', '/v1/admin/tenants', { tenant: 'other', name: 'Other' }),
  },
  'POST /v1/admin/tenants/:tenant/suspend': {
    action: 'tenant-suspended',
    act: () => admin('POST', `${inTenant}/suspend`, { reason: 'unpaid' }),
  },
  'POST /v1/admin/tenants/:tenant/resume': {
    action: 'tenant-resumed',
    act: () => admin('POST', `${inTenant}/resume`, {}),
  },
  'POST /v1/admin/tenants/:tenant/enrol-tokens': {
    action: 'enrol-token-created',
    act: () => admin('POST', `${inTenant}/enrol-tokens`, {}),
  },
  'POST /v1/admin/links': {
    action: 'link-created',
    act: () => admin('POST', '/v1/admin/links', { tenant: 'acme', source, expiresSeconds: 600 }),
  },
  'DELETE /v1/admin/links/:tenant/:name': {
    action: 'link-revoked',
    act: async () => {
      const { links } = ok(await admin('GET', '/v1/admin/links?tenant=acme'))
      return admin('DELETE', `/v1/admin/links/acme/${links[0].name}`)
    },
  },
  'PUT /v1/admin/tenants/:tenant/quota': {
    action: 'quota-changed',
    act: () => admin('PUT', `${inTenant}/quota`, { softBytes: 1e12, hardBytes: 2e12, dailyDownloadBytes: null }),
  },
  'PUT /v1/admin/tenants/:tenant/retention': {
    action: 'retention-changed',
    act: () => admin('PUT', `${inTenant}/retention`, retention),
  },
  'PUT /v1/admin/tenants/:tenant/sources/:source/retention': {
    action: 'retention-changed',
    act: () => admin('PUT', `${inTenant}/sources/${source}/retention`, retention),
  },
  'DELETE /v1/admin/tenants/:tenant/sources/:source/retention': {
    action: 'retention-changed',
    act: () => admin('DELETE', `${inTenant}/sources/${source}/retention`),
  },
  'POST /v1/admin/catalogue/rebuild': {
    action: 'catalogue-rebuilt',
    act: async () => {
      const { catalogue } = receiver.ports
      await catalogue.documents.send(
        new DeleteCommand({ TableName: catalogue.name, Key: { ...snapshotKey(snapshot, 'data') } }),
      )
      return admin('POST', '/v1/admin/catalogue/rebuild', {})
    },
  },
  'PUT /v1/admin/tenants/:tenant/expectation': {
    action: 'tenant-changed',
    act: () => admin('PUT', `${inTenant}/expectation`, { everyHours: 24 }),
  },
  'PUT /v1/admin/tenants/:tenant/sources/:source/expectation': {
    action: 'schedule-changed',
    act: () => admin('PUT', `${inTenant}/sources/${source}/expectation`, { everyHours: 12 }),
  },
  'DELETE /v1/admin/tenants/:tenant/sources/:source/expectation': {
    action: 'schedule-changed',
    act: () => admin('DELETE', `${inTenant}/sources/${source}/expectation`),
  },
  'POST /v1/admin/webhooks': {
    action: 'webhook-changed',
    act: () => admin('POST', '/v1/admin/webhooks', { url: 'http://127.0.0.1:9/nobody', tenant: 'acme' }),
  },
  'POST /v1/admin/webhooks/:webhook/test': {
    action: 'webhook-tested',
    act: async () => admin('POST', `/v1/admin/webhooks/${await webhook()}/test`, {}),
  },
  'DELETE /v1/admin/webhooks/:webhook': {
    action: 'webhook-changed',
    act: async () => admin('DELETE', `/v1/admin/webhooks/${await webhook()}`),
  },
  'POST /v1/admin/agents/:agent/revoke': {
    action: 'agent-revoked',
    act: () => admin('POST', `/v1/admin/agents/${agent.id}/revoke`, {}),
  },
}

/** Newest first. @param of a tenant, or null for the receiver itself */
const auditOf = (of: string | null) => auditBefore(receiver.ports.catalogue, of, month(), undefined, 1000)

describe('the audit', () => {
  it('has exactly one entry, with the ARN, for each call with which the provider changes something', async () => {
    const calls = adminApi({ ...receiver.ports, vault: undefined as never })
      .routes.filter(({ method, path }) => method !== 'GET' && method !== 'ALL' && path.startsWith('/v1/admin/'))
      .map(({ method, path }) => `${method} ${path}`)
    expect([...new Set(calls)].sort(), 'an act without a scenario').toEqual(Object.keys(acts).sort())
    for (const [call, { act, action, of = 'acme' }] of Object.entries(acts)) {
      const before = (await auditOf(of)).length
      const answer = await act()
      expect(answer.status, `${call}: ${answer.text}`).toBe(200)
      const after = await auditOf(of)
      expect(after.length - before, call).toBe(1)
      const actor = 'admin:arn:aws:iam::000000000000:user/provider'
      expect(after[0], call).toMatchObject({ action, actor })
    }
  })

  it('has none for an act that was refused or that only looked', async () => {
    const before = await entries()
    await admin('POST', '/v1/admin/tenants', { tenant: 'acme', name: 'again' })
    await admin('PUT', `${inTenant}/quota`, { softBytes: 3, hardBytes: 2, dailyDownloadBytes: null })
    await admin('POST', '/v1/admin/catalogue/rebuild', {})
    for (const target of ['/v1/admin/usage', `${inTenant}/audit`, `${inTenant}/quota`, '/v1/admin/tenants'])
      ok(await admin('GET', target))
    expect(await entries()).toEqual(before)
  })

  it('is read newest first, in pages, month by month', async () => {
    ok(await admin('POST', '/v1/admin/tenants', { tenant: 'long', name: 'Long' }))
    const first = Date.UTC(2026, 2, 1)
    for (let n = 0; n < 600; n += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, i) => {
          const entry = { at: new Date(first + n + i).toISOString(), actor: 'janitor', target: `t${n + i}` }
          return put(receiver.ports.catalogue, auditCreation('long', { ...entry, action: 'snapshot-deleted' }))
        }),
      )
    const other = { at: '2026-04-01T00:00:00.000Z', actor: 'janitor', action: 'snapshot-deleted' as const, target: 'x' }
    await recordAudit(receiver.ports.catalogue, 'long', other)
    const targets: string[] = []
    let before: string | null = null
    let pages = 0
    do {
      const query: string = before === null ? '' : `&before=${before}`
      const page: any = ok(await admin('GET', `/v1/admin/tenants/long/audit?month=202603${query}`))
      targets.push(...page.entries.map(({ target }: { target: string }) => target))
      before = page.next
      pages += 1
    } while (before !== null)
    expect(pages).toBe(2)
    expect(targets).toEqual(Array.from({ length: 600 }, (_, n) => `t${599 - n}`))
    expect(ok(await admin('GET', '/v1/admin/tenants/long/audit')).entries).toMatchObject([{ action: 'tenant-created' }])
    expect(ok(await admin('GET', '/v1/admin/tenants/long/audit?month=202604')).entries).toMatchObject([other])
    for (const query of ['month=2026-03', 'month=202613', 'month=202603&before=x'])
      expect((await admin('GET', `/v1/admin/tenants/long/audit?${query}`)).body.code).toBe('invalid-request')
    expect((await admin('GET', '/v1/admin/tenants/nobody/audit')).body.code).toBe('not-found')
  })
})
