import { createRoute, z } from '@hono/zod-openapi'
import { QuotaRequest, QuotaResponse } from '../../shared/api/usage.ts'
import { TenantId } from '../../shared/ids.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { findTenantStored } from '../catalogue/stored.ts'
import { transact } from '../catalogue/table.ts'
import { quotaChange, type Tenant } from '../catalogue/tenants.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import { knownTenant } from '../provider/known-tenant.ts'
import { sumStored } from '../usage/sum-stored.ts'
import type { AdminApp } from './app.ts'
import { requireHardQuota } from './require-hard-quota.ts'

const params = z.object({ tenant: TenantId })
const responses = { 200: jsonAnswer('The quotas, and what counts against them', QuotaResponse), default: refusal }

const showing = createRoute({
  method: 'get',
  path: '/v1/admin/tenants/{tenant}/quota',
  summary: 'What a tenant may store, and stores',
  request: { params },
  responses,
})

const setting = createRoute({
  method: 'put',
  path: '/v1/admin/tenants/{tenant}/quota',
  summary: 'What a tenant may store: told above the soft quota, refused above the hard one',
  request: { params, ...jsonBody(QuotaRequest) },
  responses,
})

/** A new quota counts from the next call on, and what it means for the tenant is told at once. */
export function setQuota(app: AdminApp, ports: Ports): void {
  const { catalogue, clock, env } = ports
  app.openapi(showing, async c => c.json(await viewOf(await knownTenant(ports, c.req.valid('param').tenant)), 200))

  app.openapi(setting, async c => {
    const { tenant } = await knownTenant(ports, c.req.valid('param').tenant)
    const { dailyDownloadBytes, ...quota } = c.req.valid('json')
    requireHardQuota(env, quota)
    const audit = auditCreation(tenant, {
      at: clock().toISOString(),
      actor: c.var.actor,
      action: 'quota-changed',
      target: tenant,
      detail: { ...quota, dailyDownloadBytes },
    })
    await transact(catalogue, [{ update: quotaChange(tenant, quota, dailyDownloadBytes) }, { put: audit }])
    await sumStored(ports, tenant)
    return c.json(await viewOf(await knownTenant(ports, tenant)), 200)
  })

  async function viewOf({ tenant, quota, dailyDownloadBytes }: Tenant) {
    const { used } = await findTenantStored(catalogue, tenant)
    return { tenant, ...quota, dailyDownloadBytes, usedBytes: used }
  }
}
