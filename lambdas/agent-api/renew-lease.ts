import { createRoute, z } from '@hono/zod-openapi'
import { RenewRequest, RenewResponse } from '../../shared/api/agent.ts'
import { SnapshotId } from '../../shared/ids.ts'
import { renewLease as renew } from '../catalogue/leases.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { ownSnapshot } from '../http/owned.ts'
import type { AgentApp } from './app.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/snapshots/{snapshot}/renew',
  summary: 'Keep the lease; every third of its time',
  request: { params: z.object({ snapshot: SnapshotId }), ...jsonBody(RenewRequest) },
  responses: { 200: jsonAnswer('Until when', RenewResponse), default: refusal },
})

export function renewLease(app: AgentApp, ports: AgentApiPorts): void {
  app.openapi(route, async c => {
    const snapshot = await ownSnapshot(ports, c.var.agent, c.req.valid('param').snapshot)
    const until = await renew(ports.catalogue, snapshot, c.req.valid('json').lease, ports.clock())
    return c.json({ until }, 200)
  })
}
