import { createRoute, z } from '@hono/zod-openapi'
import { AdminSourcesResponse } from '../../shared/api/admin.ts'
import { type AgentId, TenantId } from '../../shared/ids.ts'
import { type Agent, listAgents } from '../catalogue/agents.ts'
import { listSources } from '../catalogue/sources.ts'
import { listTenants } from '../catalogue/tenants.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import type { AdminApp } from './app.ts'
import { knownTenant } from './known-tenant.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/admin/sources',
  summary: 'What is protected, of one tenant or of all',
  request: { query: z.object({ tenant: TenantId.optional() }) },
  responses: { 200: jsonAnswer('The sources', AdminSourcesResponse), default: refusal },
})

export function listAllSources(app: AdminApp, ports: Ports): void {
  const { catalogue } = ports
  app.openapi(route, async c => {
    const { tenant } = c.req.valid('query')
    const tenants = tenant === undefined ? await listTenants(catalogue) : [await knownTenant(ports, tenant)]
    const sources = []
    for (const { tenant } of tenants) sources.push(...(await sourcesOf(tenant)))
    return c.json({ sources }, 200)
  })

  async function sourcesOf(tenant: TenantId) {
    const agents = new Map((await listAgents(catalogue, tenant)).map(agent => [agent.agent, agent]))
    return (await listSources(catalogue, tenant)).map(source => {
      const agent = currentOf(source.agent)
      return {
        tenant,
        source: source.source,
        name: source.name,
        engine: source.engine,
        agent: agent?.agent ?? source.agent,
        agentName: agent?.name ?? source.agent,
        lastSeen: agent?.lastSeen ?? null,
        lastSnapshot: source.lastSnapshot ?? null,
        lastReceivedAt: source.lastReceivedAt ?? null,
      }
    })

    /** Who speaks for what `owner` registered: the last of those that took its place. */
    function currentOf(owner: AgentId): Agent | undefined {
      const agent = agents.get(owner)
      return (agent?.replacedBy && currentOf(agent.replacedBy)) || agent
    }
  }
}
