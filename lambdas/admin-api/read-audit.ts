import { createRoute, z } from '@hono/zod-openapi'
import { AuditResponse } from '../../shared/api/audit.ts'
import { Month } from '../../shared/api/usage.ts'
import { TenantId } from '../../shared/ids.ts'
import { auditBefore, monthOf } from '../catalogue/audit.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import { Page } from '../http/page.ts'
import type { Ports } from '../http/ports.ts'
import { knownTenant } from '../provider/known-tenant.ts'
import type { AdminApp } from './app.ts'

const query = z.object({
  month: Month.optional(),
  before: z
    .string()
    .regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'it is no answer of this call')
    .optional(),
})
const responses = {
  200: jsonAnswer('A page of one month, this one if none is named', AuditResponse),
  default: refusal,
}

const ofTenant = createRoute({
  method: 'get',
  path: '/v1/admin/tenants/{tenant}/audit',
  summary: 'Who did what, newest first',
  request: { params: z.object({ tenant: TenantId }), query },
  responses,
})
const ofReceiver = createRoute({
  method: 'get',
  path: '/v1/admin/audit',
  summary: 'Who did what that belongs to no tenant (webhooks for all of them), newest first',
  request: { query },
  responses,
})

/** An entry is some hundred bytes mostly. Some hold what a host made as long as it likes (what a link is for: 60 KB), and none may hide the others. */
const pageLength = 500

export function readAudit(app: AdminApp, ports: Ports): void {
  const { catalogue, clock } = ports
  app.openapi(ofTenant, async c => {
    const { tenant } = await knownTenant(ports, c.req.valid('param').tenant)
    return c.json(await pageOf(tenant, c.req.valid('query')), 200)
  })
  app.openapi(ofReceiver, async c => c.json(await pageOf(null, c.req.valid('query')), 200))

  async function pageOf(tenant: TenantId | null, { month, before }: z.infer<typeof query>) {
    const named = month ?? monthOf(clock().toISOString())
    const entries = await auditBefore(catalogue, tenant, named, before, pageLength)
    const page = new Page<(typeof entries)[number]>()
    const isWhole = entries.every(entry => page.add(entry)) && entries.length < pageLength
    return { tenant, month: named, entries: page.items, next: isWhole ? null : page.last!.id }
  }
}
