import { createRoute, z } from '@hono/zod-openapi'
import pLimit from 'p-limit'
import { NoticesResponse, type OpenCondition } from '../../shared/api/notices.ts'
import { TenantId } from '../../shared/ids.ts'
import { Notice } from '../../shared/notice.ts'
import { lastNotices, openConditions } from '../catalogue/notices.ts'
import { listTenants } from '../catalogue/tenants.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import type { AdminApp } from './app.ts'
import { knownTenant } from './known-tenant.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/admin/notices',
  summary: 'What is open and what was told last, of one tenant or of all and the receiver itself',
  request: { query: z.object({ tenant: TenantId.optional() }) },
  responses: { 200: jsonAnswer('Open conditions and the last notices', NoticesResponse), default: refusal },
})

/** An answer stays below Lambda's 6 MB. */
const mostConditions = 2000
const mostNotices = 100
const readers = 8

export function listNotices(app: AdminApp, ports: Ports): void {
  const { catalogue } = ports
  app.openapi(route, async c => {
    const { tenant } = c.req.valid('query')
    const owners =
      tenant === undefined
        ? [null, ...(await listTenants(catalogue)).map(each => each.tenant)]
        : [(await knownTenant(ports, tenant)).tenant]
    const limit = pLimit(readers)
    const found = await limit.map(owners, async owner => ({
      conditions: await conditionsOf(owner),
      notices: await lastNotices(catalogue, owner, mostNotices),
    }))
    const conditions = found.flatMap(each => each.conditions).sort((a, b) => (a.since < b.since ? 1 : -1))
    const notices = found
      .flatMap(each => each.notices)
      .sort((a, b) => (a.id < b.id ? 1 : -1))
      .slice(0, mostNotices)
      .map(item => ({ ...Notice.parse(item), waiting: item.gsk !== undefined }))
    const more = conditions.length > mostConditions
    return c.json({ conditions: conditions.slice(0, mostConditions), more, notices }, 200)
  })

  async function conditionsOf(owner: TenantId | null): Promise<z.output<typeof OpenCondition>[]> {
    const open: z.output<typeof OpenCondition>[] = []
    for await (const { tenant, kind, aspect, subject, severity, text, since } of openConditions(catalogue, owner)) {
      open.push({ tenant, kind, mode: aspect, subject, severity, text, since })
      if (open.length > mostConditions) break
    }
    return open
  }
}
