import { createRoute, z } from '@hono/zod-openapi'
import { EnrolTokenRequest, EnrolTokenResponse } from '../../shared/api/admin.ts'
import { TenantId } from '../../shared/ids.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { enrolTokenCreation } from '../catalogue/enrol-tokens.ts'
import { transact } from '../catalogue/table.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { newSecret, type Ports } from '../http/ports.ts'
import { publicUrl } from '../http/public-url.ts'
import type { AdminApp } from './app.ts'
import { knownTenant } from './known-tenant.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/admin/tenants/{tenant}/enrol-tokens',
  summary: 'A token with which one host enrols, once',
  request: { params: z.object({ tenant: TenantId }), ...jsonBody(EnrolTokenRequest) },
  responses: { 200: jsonAnswer('What `failsafe enrol` takes', EnrolTokenResponse), default: refusal },
})

const defaultSeconds = 600

export function createEnrolToken(app: AdminApp, ports: Ports): void {
  const { catalogue, clock, env } = ports
  app.openapi(route, async c => {
    const { tenant } = await knownTenant(ports, c.req.valid('param').tenant)
    const { expiresSeconds = defaultSeconds } = c.req.valid('json')
    const now = clock()
    const expiresAt = new Date(now.getTime() + expiresSeconds * 1000).toISOString()
    const secret = newSecret(ports)
    const audit = auditCreation(tenant, {
      at: now.toISOString(),
      actor: c.var.actor,
      action: 'enrol-token-created',
      target: tenant,
      detail: { expiresAt },
    })
    await transact(catalogue, [{ put: enrolTokenCreation(secret, { tenant, expiresAt }) }, { put: audit }])
    return c.json({ enrol: `${publicUrl(ports, c.req)}#${env.RECEIVER_ID}.${secret}`, expiresAt }, 200)
  })
}
