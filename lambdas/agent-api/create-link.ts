import { createRoute } from '@hono/zod-openapi'
import { LinkRequest, LinkResponse } from '../../shared/api/agent.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { makeLink } from '../http/make-link.ts'
import { ownSource } from '../http/owned.ts'
import { publicUrl } from '../http/public-url.ts'
import type { AgentApp } from './app.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/links',
  summary: 'A restore link for one own source; 24 hours at most, and it ends with the agent',
  request: jsonBody(LinkRequest),
  responses: { 200: jsonAnswer('The link; its secret is nowhere else', LinkResponse), default: refusal },
})

export function createLink(app: AgentApp, ports: AgentApiPorts): void {
  app.openapi(route, async c => {
    const { source: id, ...wish } = c.req.valid('json')
    const { agent } = c.var
    const source = await ownSource(ports, agent, id)
    const url = publicUrl(ports, c.req)
    const link = await makeLink(ports, { ...wish, source, agent: agent.agent, actor: `agent:${agent.agent}`, url })
    return c.json(link, 200)
  })
}
