import { createRoute, z } from '@hono/zod-openapi'
import { AdminSourcesResponse } from '../../shared/api/admin.ts'
import { type AgentId, TenantId } from '../../shared/ids.ts'
import { type Agent, listAgents } from '../catalogue/agents.ts'
import { listWatchedSources } from '../catalogue/expectations.ts'
import { openConditions } from '../catalogue/notices.ts'
import { tenantIds } from '../catalogue/tenants.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import { Page } from '../http/page.ts'
import type { Ports } from '../http/ports.ts'
import { knownTenant } from './known-tenant.ts'
import { cursorAfter, lastOfAll, names, parseCursor } from './place-cursor.ts'
import type { ProviderApp } from './routes.ts'

const route = createRoute({
  method: 'get',
  path: '/sources',
  summary: 'What is protected, of one tenant or of all',
  request: {
    query: z.object({
      tenant: TenantId.optional(),
      overdue: z.stringbool().optional(),
      after: z.string().max(100).optional(),
    }),
  },
  responses: { 200: jsonAnswer('A page of the sources', AdminSourcesResponse), default: refusal },
})

type Shown = z.output<typeof AdminSourcesResponse>['sources'][number]
type Open = Shown['open'][number]

/** Looked at for one page: of most of them nothing may be overdue. */
const tenantsPerPage = 100

const overdueKinds = new Set(['run-late', 'run-missed', 'run-failing', 'agent-silent'])

function isOverdue({ open }: { open: Open[] }): boolean {
  return open.some(({ kind }) => overdueKinds.has(kind))
}

export function listAllSources(app: ProviderApp, ports: Ports): void {
  const { catalogue } = ports
  app.openapi(route, async c => {
    const { tenant, overdue = false, after } = c.req.valid('query')
    if (tenant !== undefined) await knownTenant(ports, tenant)
    const last = parseCursor(after, names.source)
    const page = new Page<Shown>()
    let tenants = 0
    for await (const id of tenant === undefined ? tenantIds(catalogue, last?.tenant ?? undefined) : [tenant]) {
      for (const source of await sourcesOf(id)) {
        const isShown = id === last?.tenant && source.source <= last.name
        if (isShown || (overdue && !isOverdue(source)) || page.add(source)) continue
        const { tenant, source: name } = page.last!
        return c.json({ sources: page.items, next: cursorAfter({ tenant, name }) }, 200)
      }
      if (++tenants < tenantsPerPage) continue
      return c.json({ sources: page.items, next: cursorAfter({ tenant: id, name: lastOfAll }) }, 200)
    }
    return c.json({ sources: page.items, next: null }, 200)
  })

  async function sourcesOf(tenant: TenantId): Promise<Shown[]> {
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
