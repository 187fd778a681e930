import { createRoute, z } from '@hono/zod-openapi'
import { AdminSourcesResponse } from '../../shared/api/admin.ts'
import { type AgentId, TenantId } from '../../shared/ids.ts'
import { type Agent, listAgents } from '../catalogue/agents.ts'
import { listWatchedSources } from '../catalogue/expectations.ts'
import { openConditions } from '../catalogue/notices.ts'
import { listTenants } from '../catalogue/tenants.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import type { AdminApp } from './app.ts'
import { knownTenant } from './known-tenant.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/admin/sources',
  summary: 'What is protected, of one tenant or of all',
  request: { query: z.object({ tenant: TenantId.optional(), overdue: z.stringbool().optional() }) },
  responses: { 200: jsonAnswer('The sources', AdminSourcesResponse), default: refusal },
})

type Open = z.output<typeof AdminSourcesResponse>['sources'][number]['open'][number]

const overdueKinds = new Set(['run-late', 'run-missed', 'run-failing', 'agent-silent'])

function isOverdue({ open }: { open: Open[] }): boolean {
  return open.some(({ kind }) => overdueKinds.has(kind))
}

export function listAllSources(app: AdminApp, ports: Ports): void {
  const { catalogue } = ports
  app.openapi(route, async c => {
    const { tenant, overdue = false } = c.req.valid('query')
    const tenants = tenant === undefined ? await listTenants(catalogue) : [await knownTenant(ports, tenant)]
    const sources = []
    for (const { tenant } of tenants) sources.push(...(await sourcesOf(tenant)))
    return c.json({ sources: overdue ? sources.filter(isOverdue) : sources }, 200)
  })

  async function sourcesOf(tenant: TenantId) {
    const agents = new Map((await listAgents(catalogue, tenant)).map(agent => [agent.agent, agent]))
    const open = new Map<string, Open[]>()
    for await (const { kind, aspect, subject, since } of openConditions(catalogue, tenant))
      open.set(subject.id, [...(open.get(subject.id) ?? []), { kind, mode: aspect, since }])
    return (await listWatchedSources(catalogue, tenant)).map(source => {
      const agent = currentOf(source.agent)
      const expected = Object.values(source.ledger.modes).map(mode => mode.expected)
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
        nextExpected: expected.sort()[0] ?? null,
        open: [...(open.get(source.source) ?? []), ...(agent ? (open.get(agent.agent) ?? []) : [])],
      }
    })

    /** Who speaks for what `owner` registered: the last of those that took its place. */
    function currentOf(owner: AgentId): Agent | undefined {
      const agent = agents.get(owner)
      return (agent?.replacedBy && currentOf(agent.replacedBy)) || agent
    }
  }
}
