import { createRoute, z } from '@hono/zod-openapi'
import { SourceId, TenantId } from '../../shared/ids.ts'
import { type AuditEntry, auditCreation } from '../catalogue/audit.ts'
import type { Source } from '../catalogue/sources.ts'
import { type Change, transact } from '../catalogue/table.ts'
import type { Tenant } from '../catalogue/tenants.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import { knownTenant } from '../provider/known-tenant.ts'
import type { AdminApp } from './app.ts'
import { knownSource } from './known-source.ts'

/** As the routes know it: their types cannot follow what a policy is about. */
type Told = Record<string, unknown>

/** What the provider says of a tenant, or of one of its sources instead. */
export interface Policy<Wish, View extends Told> {
  /** The last part of its address. */
  name: string
  request: z.ZodType<Wish>
  response: z.ZodType<View>
  summaries: { answer: string; ofTenant: string; ofSource: string; removal: string }
  changeTenant(tenant: Tenant, wish: Wish): Change
  /** @param wish null: the tenant's counts again */
  changeSource(source: Source, wish: Wish | null): Change
  /** How the audit tells of it. */
  told(target: Tenant | Source, wish: Wish | null): Required<Pick<AuditEntry, 'action' | 'detail'>>
  /** What counts now. */
  viewOf(tenant: Tenant, source?: Source): View
  /** After a change of a tenant's. */
  afterwards?(tenant: Tenant): Promise<void>
}

/** Three calls: sets a tenant's, sets a source's own, and takes that away. Each change and its audit entry are one transaction. */
export function setPolicy<Wish, View extends Told>(app: AdminApp, ports: Ports, policy: Policy<Wish, View>): void {
  const { name, summaries } = policy
  const ofTenant = { path: `/v1/admin/tenants/{tenant}/${name}`, params: z.object({ tenant: TenantId }) }
  const ofSource = {
    path: `/v1/admin/tenants/{tenant}/sources/{source}/${name}`,
    params: z.object({ tenant: TenantId, source: SourceId }),
  }
  const responses = { 200: jsonAnswer(summaries.answer, policy.response as z.ZodType<Told>), default: refusal }
  const body = jsonBody(policy.request as z.ZodType)

  const setTenants = createRoute({
    method: 'put',
    path: ofTenant.path,
    summary: summaries.ofTenant,
    request: { params: ofTenant.params, ...body },
    responses,
  })
  app.openapi(setTenants, async c => {
    const tenant = await knownTenant(ports, c.req.valid('param').tenant)
    const wish = c.req.valid('json') as Wish
    await change(c.var.actor, tenant, tenant.tenant, policy.changeTenant(tenant, wish), policy.told(tenant, wish))
    await policy.afterwards?.(tenant)
    const view: Told = policy.viewOf(await knownTenant(ports, tenant.tenant))
    return c.json(view, 200)
  })

  const setSources = createRoute({
    method: 'put',
    path: ofSource.path,
    summary: summaries.ofSource,
    request: { params: ofSource.params, ...body },
    responses,
  })
  app.openapi(setSources, async c =>
    c.json(await changeSource(c.var.actor, c.req.valid('param'), c.req.valid('json') as Wish), 200),
  )

  const removeSources = createRoute({
    method: 'delete',
    path: ofSource.path,
    summary: summaries.removal,
    request: { params: ofSource.params },
    responses,
  })
  app.openapi(removeSources, async c => c.json(await changeSource(c.var.actor, c.req.valid('param'), null), 200))

  async function changeSource(
    actor: string,
    place: z.output<typeof ofSource.params>,
    wish: Wish | null,
  ): Promise<Told> {
    const tenant = await knownTenant(ports, place.tenant)
    const source = await knownSource(ports, place.tenant, place.source)
    await change(actor, tenant, source.source, policy.changeSource(source, wish), policy.told(source, wish))
    return policy.viewOf(tenant, await knownSource(ports, place.tenant, place.source))
  }

  async function change(
    actor: string,
    { tenant }: Tenant,
    target: string,
    update: Change,
    told: Pick<AuditEntry, 'action' | 'detail'>,
  ): Promise<void> {
    const at = ports.clock().toISOString()
    await transact(ports.catalogue, [{ update }, { put: auditCreation(tenant, { at, actor, target, ...told }) }])
  }
}
