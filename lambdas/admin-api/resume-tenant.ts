import { createRoute, z } from '@hono/zod-openapi'
import { ReasonRequest, TenantResponse } from '../../shared/api/admin.ts'
import { TenantId } from '../../shared/ids.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import type { AdminApp } from './app.ts'
import { changeSuspension } from './change-suspension.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/admin/tenants/{tenant}/resume',
  summary: 'Lets agents and links of a suspended tenant in again',
  request: { params: z.object({ tenant: TenantId }), ...jsonBody(ReasonRequest) },
  responses: { 200: jsonAnswer('The tenant', TenantResponse), default: refusal },
})

export function resumeTenant(app: AdminApp, ports: Ports): void {
  app.openapi(route, async c => {
    const { tenant } = c.req.valid('param')
    const { reason = null } = c.req.valid('json')
    return c.json(await changeSuspension(ports, tenant, null, { actor: c.var.actor, reason }), 200)
  })
}
