import { createRoute, z } from '@hono/zod-openapi'
import { HeadsResponse } from '../../shared/api/agent.ts'
import { SourceId } from '../../shared/ids.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import { ownSource } from '../http/owned.ts'
import type { AgentApp } from './app.ts'
import { headsOf } from './heads.ts'
import type { AgentApiPorts } from './ports.ts'
import { promotionOf } from './promotion.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/sources/{source}/heads',
  summary: "Both lanes' heads, and whether the next run has to be a full one",
  request: { params: z.object({ source: SourceId }) },
  responses: {
    200: jsonAnswer("The newest committed snapshots, with the units' positions", HeadsResponse),
    default: refusal,
  },
})

export function readHeads(app: AgentApp, ports: AgentApiPorts): void {
  app.openapi(route, async c => {
    const { source } = await ownSource(ports, c.var.agent, c.req.valid('param').source)
    const heads = await headsOf(ports, source)
    return c.json({ ...heads.heads, promote: promotionOf(c.var.agent, heads, ports.clock()) }, 200)
  })
}
