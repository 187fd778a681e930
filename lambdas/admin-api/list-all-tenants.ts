import { createRoute } from '@hono/zod-openapi'
import { TenantsResponse } from '../../shared/api/admin.ts'
import { listTenants } from '../catalogue/tenants.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import type { AdminApp } from './app.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/admin/tenants',
  summary: 'All tenants, by id',
  responses: { 200: jsonAnswer('The tenants', TenantsResponse), default: refusal },
})

export function listAllTenants(app: AdminApp, { catalogue }: Ports): void {
  app.openapi(route, async c => c.json({ tenants: await listTenants(catalogue) }, 200))
}
