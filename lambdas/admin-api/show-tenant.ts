import { createRoute, z } from '@hono/zod-openapi'
import { TenantResponse } from '../../shared/api/admin.ts'
import { TenantId } from '../../shared/ids.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import { knownTenant } from '../provider/known-tenant.ts'
import type { AdminApp } from './app.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/admin/tenants/{tenant}',
  summary: 'One tenant',
  request: { params: z.object({ tenant: TenantId }) },
  responses: { 200: jsonAnswer('The tenant', TenantResponse), default: refusal },
})

export function showTenant(app: AdminApp, ports: Ports): void {
  app.openapi(route, async c => c.json(await knownTenant(ports, c.req.valid('param').tenant), 200))
}
