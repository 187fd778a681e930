import { createRoute, z } from '@hono/zod-openapi'
import { TenantsResponse } from '../../shared/api/admin.ts'
import { TenantId } from '../../shared/ids.ts'
import { type Tenant, tenantsAfter } from '../catalogue/tenants.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import { Page } from '../http/page.ts'
import type { Ports } from '../http/ports.ts'
import type { ProviderApp } from './routes.ts'

const route = createRoute({
  method: 'get',
  path: '/tenants',
  summary: 'All tenants, by id',
  request: { query: z.object({ after: TenantId.optional() }) },
  responses: { 200: jsonAnswer('A page of the tenants', TenantsResponse), default: refusal },
})

export function listAllTenants(app: ProviderApp, { catalogue }: Ports): void {
  app.openapi(route, async c => {
    const page = new Page<Tenant>()
    for await (const tenant of tenantsAfter(catalogue, c.req.valid('query').after))
      if (!page.add(tenant)) return c.json({ tenants: page.items, next: page.last!.tenant }, 200)
    return c.json({ tenants: page.items, next: null }, 200)
  })
}
