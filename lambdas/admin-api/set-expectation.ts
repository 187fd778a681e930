import { createRoute, z } from '@hono/zod-openapi'
import { ExpectationRequest, ExpectationResponse } from '../../shared/api/notices.ts'
import { SourceId, TenantId } from '../../shared/ids.ts'
import { type AuditEntry, auditCreation } from '../catalogue/audit.ts'
import { lookSoon, madeDue } from '../catalogue/expectations.ts'
import { listSources } from '../catalogue/sources.ts'
import { transact } from '../catalogue/table.ts'
import { expectationChange } from '../catalogue/tenants.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import type { AdminApp } from './app.ts'
import { knownSource } from './known-source.ts'
import { knownTenant } from './known-tenant.ts'

const ofTenant = { path: '/v1/admin/tenants/{tenant}/expectation', params: z.object({ tenant: TenantId }) }
const ofSource = {
  path: '/v1/admin/tenants/{tenant}/sources/{source}/expectation',
  params: z.object({ tenant: TenantId, source: SourceId }),
}
const responses = { 200: jsonAnswer('What is expected from now on', ExpectationResponse), default: refusal }

const setTenants = createRoute({
  method: 'put',
  path: ofTenant.path,
  summary: 'The least that the provider expects of every source of a tenant, whatever its host schedules',
  request: { params: ofTenant.params, ...jsonBody(ExpectationRequest) },
  responses,
})
const setSources = createRoute({
  method: 'put',
  path: ofSource.path,
  summary: "The least that the provider expects of one source, instead of its tenant's",
  request: { params: ofSource.params, ...jsonBody(ExpectationRequest) },
  responses,
})
const removeSources = createRoute({
  method: 'delete',
  path: ofSource.path,
  summary: "Takes a source's own expectation away: its tenant's counts",
  request: { params: ofSource.params },
  responses,
})

/** The watchdog goes by it from its next pass on: whoever falls short already is late then. */
export function setExpectation(app: AdminApp, ports: Ports): void {
  const { catalogue, clock } = ports

  app.openapi(setTenants, async c => {
    const { tenant } = await knownTenant(ports, c.req.valid('param').tenant)
    const { everyHours } = c.req.valid('json')
    const audit = auditOf(c.var.actor, 'tenant-changed', tenant, everyHours)
    await transact(catalogue, [
      { update: expectationChange(tenant, everyHours) },
      { put: auditCreation(tenant, audit) },
    ])
    for (const { source } of await listSources(catalogue, tenant)) await lookSoon(catalogue, tenant, source, clock())
    return c.json({ tenant, source: null, own: true, everyHours }, 200)
  })

  app.openapi(setSources, async c => {
    const { tenant, source } = c.req.valid('param')
    const { everyHours } = c.req.valid('json')
    await knownSource(ports, tenant, source)
    await changeSource(c.var.actor, tenant, source, everyHours)
    return c.json({ tenant, source, own: true, everyHours }, 200)
  })

  app.openapi(removeSources, async c => {
    const { tenant, source } = c.req.valid('param')
    const { expectEveryHours } = await knownTenant(ports, tenant)
    await knownSource(ports, tenant, source)
    await changeSource(c.var.actor, tenant, source, undefined)
    return c.json({ tenant, source, own: false, everyHours: expectEveryHours }, 200)
  })

  async function changeSource(actor: string, tenant: TenantId, source: SourceId, hours: number | null | undefined) {
    const audit = auditCreation(tenant, auditOf(actor, 'schedule-changed', source, hours))
    const update =
      hours === undefined
        ? madeDue(tenant, source, clock(), {}, ['expectEveryHours'])
        : madeDue(tenant, source, clock(), { expectEveryHours: hours })
    await transact(catalogue, [{ update }, { put: audit }])
  }

  function auditOf(actor: string, action: AuditEntry['action'], target: string, hours: number | null | undefined) {
    return { at: clock().toISOString(), actor, action, target, detail: { expectEveryHours: hours ?? null } }
  }
}
