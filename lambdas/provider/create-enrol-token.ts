import { createRoute, z } from '@hono/zod-openapi'
import { EnrolTokenRequest, EnrolTokenResponse } from '../../shared/api/admin.ts'
import { type AgentId, TenantId, tenantOf } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { findAgent } from '../catalogue/agents.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { enrolTokenCreation } from '../catalogue/enrol-tokens.ts'
import { transact } from '../catalogue/table.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { newSecret, type Ports } from '../http/ports.ts'
import { publicUrl } from '../http/public-url.ts'
import { knownTenant } from './known-tenant.ts'
import type { ProviderApp } from './routes.ts'

const route = createRoute({
  method: 'post',
  path: '/tenants/{tenant}/enrol-tokens',
  summary: 'A token with which one host enrols, once',
  request: { params: z.object({ tenant: TenantId }), ...jsonBody(EnrolTokenRequest) },
  responses: { 200: jsonAnswer('What `failsafe enrol` takes', EnrolTokenResponse), default: refusal },
})

const defaultSeconds = 600

export function createEnrolToken(app: ProviderApp, ports: Ports): void {
  const { catalogue, clock, env } = ports
  app.openapi(route, async c => {
    const { tenant } = await knownTenant(ports, c.req.valid('param').tenant)
    const { expiresSeconds = defaultSeconds, replaces } = c.req.valid('json')
    if (replaces !== undefined) await requireReplaceable(tenant, replaces)
    const now = clock()
    const expiresAt = new Date(now.getTime() + expiresSeconds * 1000).toISOString()
    const secret = newSecret(ports)
    const audit = auditCreation(tenant, {
      at: now.toISOString(),
      actor: c.var.actor,
      action: 'enrol-token-created',
      target: tenant,
      detail: { expiresAt, ...(replaces && { replaces }) },
    })
    await transact(catalogue, [{ put: enrolTokenCreation(secret, { tenant, expiresAt, replaces }) }, { put: audit }])
    return c.json({ enrol: `${publicUrl(ports, c.req)}#${env.RECEIVER_ID}.${secret}`, expiresAt }, 200)
  })

  /** Of the same tenant; one that is revoked will do, one that was replaced will not. */
  async function requireReplaceable(tenant: TenantId, id: AgentId): Promise<void> {
    const old = tenantOf(id) === tenant ? await findAgent(catalogue, id) : undefined
    if (!old) throw new ProblemError('not-found', `tenant ${tenant} has no agent ${id}`)
    if (old.replacedBy !== undefined)
      throw new ProblemError('invalid-request', `replaces: ${id} was replaced by ${old.replacedBy} already`, {
        fix: `To replace that one, give ${old.replacedBy}`,
      })
  }
}
