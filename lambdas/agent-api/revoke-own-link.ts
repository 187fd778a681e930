import { createRoute, z } from '@hono/zod-openapi'
import { LinkRevokedResponse } from '../../shared/api/agent.ts'
import { LinkName } from '../../shared/link.ts'
import { ProblemError } from '../../shared/problem.ts'
import { speaksFor } from '../catalogue/agents.ts'
import { findLinkByName } from '../catalogue/link-list.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import { revokeLink } from '../http/revoke-link.ts'
import type { AgentApp } from './app.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'delete',
  path: '/v1/links/{name}',
  summary: 'End a restore link that this agent made',
  request: { params: z.object({ name: LinkName }) },
  responses: { 200: jsonAnswer('It has ended', LinkRevokedResponse), default: refusal },
})

export function revokeOwnLink(app: AgentApp, ports: AgentApiPorts): void {
  app.openapi(route, async c => {
    const { agent } = c.var
    const link = await findLinkByName(ports.catalogue, agent.tenant, c.req.valid('param').name)
    if (!link || link.agent === null || !speaksFor(agent, link.agent)) throw new ProblemError('not-found')
    return c.json(await revokeLink(ports, link, `agent:${agent.agent}`), 200)
  })
}
