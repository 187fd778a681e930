import { createRoute, z } from '@hono/zod-openapi'
import { RenewRequest, RenewResponse } from '../../shared/api/agent.ts'
import { SnapshotId } from '../../shared/ids.ts'
import { leaseEnd, renewLease as renew } from '../catalogue/leases.ts'
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

/**
 * Once the commit has begun there is nothing left to lose, and the lease is let go by it: an agent that still waits for the answer of
 * its commit must not be told that another run took over.
 */
export function renewLease(app: AgentApp, ports: AgentApiPorts): void {
  app.openapi(route, async c => {
    const { lease } = c.req.valid('json')
    const snapshot = await ownSnapshot(ports, c.var.agent, c.req.valid('param').snapshot)
    const now = ports.clock()
    try {
      return c.json({ until: await renew(ports.catalogue, snapshot, lease, now) }, 200)
    } catch (error) {
      const { state, lease: own } = await ownSnapshot(ports, c.var.agent, snapshot.snapshot)
      if (own !== lease || (state !== 'committing' && state !== 'committed')) throw error
      return c.json({ until: leaseEnd(now) }, 200)
    }
  })
}
