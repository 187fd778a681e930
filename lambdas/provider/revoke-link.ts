import { createRoute, z } from '@hono/zod-openapi'
import { LinkRevokedResponse } from '../../shared/api/agent.ts'
import { TenantId } from '../../shared/ids.ts'
import { LinkName } from '../../shared/link.ts'
import { ProblemError } from '../../shared/problem.ts'
import { findLinkByName } from '../catalogue/link-list.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import { revokeLink } from '../http/revoke-link.ts'
import type { ProviderApp } from './routes.ts'

const route = createRoute({
  method: 'delete',
  path: '/links/{tenant}/{name}',
  summary: "End any of a tenant's restore links",
  request: { params: z.object({ tenant: TenantId, name: LinkName }) },
  responses: { 200: jsonAnswer('It has ended', LinkRevokedResponse), default: refusal },
})

export function revokeAnyLink(app: ProviderApp, ports: Ports): void {
  app.openapi(route, async c => {
    const { tenant, name } = c.req.valid('param')
    const link = await findLinkByName(ports.catalogue, tenant, name)
    if (!link) throw new ProblemError('not-found', `tenant ${tenant} has no link ${name}`)
    return c.json(await revokeLink(ports, link, c.var.actor), 200)
  })
}
