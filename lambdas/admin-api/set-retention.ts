import { createRoute, z } from '@hono/zod-openapi'
import { RetentionResponse } from '../../shared/api/retention.ts'
import { SourceId, TenantId } from '../../shared/ids.ts'
import { Retention } from '../../shared/retention.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { sourceRetention, tenantRetention } from '../catalogue/retention-changes.ts'
import type { Source } from '../catalogue/sources.ts'
import { type Change, transact } from '../catalogue/table.ts'
import type { Tenant } from '../catalogue/tenants.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import { policyFor } from '../retention/policy.ts'
import type { AdminApp } from './app.ts'
import { knownSource } from './known-source.ts'
import { knownTenant } from './known-tenant.ts'

const ofTenant = { path: '/v1/admin/tenants/{tenant}/retention', params: z.object({ tenant: TenantId }) }
const ofSource = {
  path: '/v1/admin/tenants/{tenant}/sources/{source}/retention',
  params: z.object({ tenant: TenantId, source: SourceId }),
}
const responses = { 200: jsonAnswer('The retention that counts from now on', RetentionResponse), default: refusal }

const showTenants = createRoute({
  method: 'get',
  path: ofTenant.path,
  summary: "A tenant's retention",
  request: { params: ofTenant.params },
  responses,
})
const setTenants = createRoute({
  method: 'put',
  path: ofTenant.path,
  summary:
    "A tenant's retention: what is longer counts with the next pass of the janitor, what is shorter as things come of age",
  request: { params: ofTenant.params, ...jsonBody(Retention) },
  responses,
})
const setSources = createRoute({
  method: 'put',
  path: ofSource.path,
  summary: "A source's own retention, instead of its tenant's",
  request: { params: ofSource.params, ...jsonBody(Retention) },
  responses,
})
const removeSources = createRoute({
  method: 'delete',
  path: ofSource.path,
  summary: "Takes a source's own retention away: its tenant's counts",
  request: { params: ofSource.params },
  responses,
})

/**
 * A shorter policy takes back no lock and no minimum age that was promised to what is there, and what it lets go has its tombstone of seven days:
 * a mistake can be mended until then.
 */
export function setRetention(app: AdminApp, ports: Ports): void {
  app.openapi(showTenants, async c => c.json(viewOf(await knownTenant(ports, c.req.valid('param').tenant)), 200))

  app.openapi(setTenants, async c => {
    const tenant = await knownTenant(ports, c.req.valid('param').tenant)
    const retention = c.req.valid('json')
    await change(c.var.actor, tenant, tenant.tenant, retention, tenantRetention(tenant.tenant, retention))
    return c.json(viewOf({ ...tenant, ...retention }), 200)
  })

  app.openapi(setSources, async c => {
    const { tenant, source } = await placeOf(c.req.valid('param'))
    const retention = c.req.valid('json')
    const step = sourceRetention(tenant.tenant, source.source, retention)
    await change(c.var.actor, tenant, source.source, retention, step)
    return c.json(viewOf(tenant, { ...source, retention }), 200)
  })

  app.openapi(removeSources, async c => {
    const { tenant, source } = await placeOf(c.req.valid('param'))
    await change(c.var.actor, tenant, source.source, null, sourceRetention(tenant.tenant, source.source, null))
    return c.json(viewOf(tenant, { ...source, retention: undefined }), 200)
  })

  async function placeOf(params: z.infer<typeof ofSource.params>) {
    const tenant = await knownTenant(ports, params.tenant)
    return { tenant, source: await knownSource(ports, params.tenant, params.source) }
  }

  async function change(actor: string, { tenant }: Tenant, target: string, retention: Retention | null, step: Change) {
    const at = ports.clock().toISOString()
    const audit = auditCreation(tenant, { at, actor, action: 'retention-changed', target, detail: { retention } })
    await transact(ports.catalogue, [{ update: step }, { put: audit }])
  }
}

function viewOf(tenant: Tenant, source?: Source): z.output<typeof RetentionResponse> {
  return {
    tenant: tenant.tenant,
    source: source?.source ?? null,
    own: source === undefined || source.retention !== undefined,
    retention: policyFor(tenant, source ?? {}),
  }
}
