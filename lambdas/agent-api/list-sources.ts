import { createRoute } from '@hono/zod-openapi'
import { SourcesResponse } from '../../shared/api/agent.ts'
import { speaksFor } from '../catalogue/agents.ts'
import { listSources } from '../catalogue/sources.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { AgentApp } from './app.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/sources',
  summary: "The caller's own sources, and those of hosts it replaces",
  responses: { 200: jsonAnswer('In the order they were registered', SourcesResponse), default: refusal },
})

export function listOwnSources(app: AgentApp, { catalogue }: AgentApiPorts): void {
  app.openapi(route, async c => {
    const { agent } = c.var
    const all = await listSources(catalogue, agent.tenant)
    const own = all.filter(source => speaksFor(agent, source.agent))
    const sources = own.map(({ source, name, engine, createdAt }) => ({ source, name, engine, createdAt }))
    return c.json({ sources }, 200)
  })
}
