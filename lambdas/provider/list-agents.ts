import { createRoute, z } from '@hono/zod-openapi'
import { AdminAgentsResponse } from '../../shared/api/admin.ts'
import { AgentId, TenantId, tenantOf } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { agentsAfter } from '../catalogue/agents.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import { agentView } from './agent-view.ts'
import { knownTenant } from './known-tenant.ts'
import type { ProviderApp } from './routes.ts'

const route = createRoute({
  method: 'get',
  path: '/agents',
  summary: 'The agents of a tenant, in order of enrolment; revoked ones too',
  request: { query: z.object({ tenant: TenantId, after: AgentId.optional() }) },
  responses: { 200: jsonAnswer('A page of agents', AdminAgentsResponse), default: refusal },
})

const pageLength = 500

export function listAgents(app: ProviderApp, ports: Ports): void {
  app.openapi(route, async c => {
    const { tenant, after } = c.req.valid('query')
    await knownTenant(ports, tenant)
    if (after !== undefined && tenantOf(after) !== tenant)
      throw new ProblemError('invalid-request', 'after: it is of another tenant')
    const { agents, next } = await agentsAfter(ports.catalogue, tenant, after, pageLength)
    return c.json({ agents: await Promise.all(agents.map(agentView)), next }, 200)
  })
}
