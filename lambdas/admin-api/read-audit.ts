import { createRoute, z } from '@hono/zod-openapi'
import { AuditResponse } from '../../shared/api/audit.ts'
import { Month } from '../../shared/api/usage.ts'
import { TenantId } from '../../shared/ids.ts'
import { auditBefore, monthOf } from '../catalogue/audit.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import type { AdminApp } from './app.ts'
import { knownTenant } from './known-tenant.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/admin/tenants/{tenant}/audit',
  summary: 'Who did what, newest first',
  request: {
    params: z.object({ tenant: TenantId }),
    query: z.object({
      month: Month.optional(),
      before: z
        .string()
        .regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'it is no answer of this call')
        .optional(),
    }),
  },
  responses: { 200: jsonAnswer('A page of one month, this one if none is named', AuditResponse), default: refusal },
})

/** An entry is some hundred bytes, 4 KB at most. */
const pageLength = 500

export function readAudit(app: AdminApp, ports: Ports): void {
  const { catalogue, clock } = ports
  app.openapi(route, async c => {
    const { tenant } = await knownTenant(ports, c.req.valid('param').tenant)
    const { month = monthOf(clock().toISOString()), before } = c.req.valid('query')
    const entries = await auditBefore(catalogue, tenant, month, before, pageLength)
    const next = entries.length === pageLength ? entries.at(-1)!.id : null
    return c.json({ tenant, month, entries, next }, 200)
  })
}
