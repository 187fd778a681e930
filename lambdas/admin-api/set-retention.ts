import { createRoute, z } from '@hono/zod-openapi'
import { RetentionResponse } from '../../shared/api/retention.ts'
import { TenantId } from '../../shared/ids.ts'
import { Retention } from '../../shared/retention.ts'
import { sourceRetention, tenantRetention } from '../catalogue/retention-changes.ts'
import type { Source } from '../catalogue/sources.ts'
import type { Tenant } from '../catalogue/tenants.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import { knownTenant } from '../provider/known-tenant.ts'
import { policyFor } from '../retention/policy.ts'
import type { AdminApp } from './app.ts'
import { setPolicy } from './set-policy.ts'

const showTenants = createRoute({
  method: 'get',
  path: '/v1/admin/tenants/{tenant}/retention',
  summary: "A tenant's retention",
  request: { params: z.object({ tenant: TenantId }) },
  responses: { 200: jsonAnswer('The retention that counts from now on', RetentionResponse), default: refusal },
})

/**
 * A shorter policy takes back no lock and no minimum age that was promised to what is there, and what it lets go has its tombstone of seven days:
 * a mistake can be mended until then.
 */
export function setRetention(app: AdminApp, ports: Ports): void {
  app.openapi(showTenants, async c => c.json(viewOf(await knownTenant(ports, c.req.valid('param').tenant)), 200))
  setPolicy(app, ports, {
    name: 'retention',
    request: Retention,
    response: RetentionResponse,
    summaries: {
      answer: 'The retention that counts from now on',
      ofTenant:
        "A tenant's retention: what is longer counts with the next pass of the janitor, what is shorter as things come of age",
      ofSource: "A source's own retention, instead of its tenant's",
      removal: "Takes a source's own retention away: its tenant's counts",
    },
    changeTenant: ({ tenant }, retention) => tenantRetention(tenant, retention),
    changeSource: ({ tenant, source }, retention) => sourceRetention(tenant, source, retention),
    told: (_target, retention) => ({ action: 'retention-changed', detail: { retention } }),
    viewOf,
  })
}

function viewOf(tenant: Tenant, source?: Source): z.output<typeof RetentionResponse> {
  return {
    tenant: tenant.tenant,
    source: source?.source ?? null,
    own: source === undefined || source.retention !== undefined,
    retention: policyFor(tenant, source ?? {}),
  }
}
