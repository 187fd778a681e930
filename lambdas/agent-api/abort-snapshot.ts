import { createRoute, z } from '@hono/zod-openapi'
import { AbortResponse } from '../../shared/api/agent.ts'
import { SnapshotId } from '../../shared/ids.ts'
import { abandon, leaseStale } from '../catalogue/leases.ts'
import { isRefused } from '../catalogue/table.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import { ownSnapshot, writable } from '../http/owned.ts'
import type { AgentApp } from './app.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'delete',
  path: '/v1/snapshots/{snapshot}',
  summary: 'Abort an open snapshot; one whose commit has begun cannot be touched',
  request: { params: z.object({ snapshot: SnapshotId }), query: z.object({ lease: z.string().max(100) }) },
  responses: { 200: jsonAnswer('It is abandoned, and the lease is free', AbortResponse), default: refusal },
})

export function abortSnapshot(app: AgentApp, ports: AgentApiPorts): void {
  app.openapi(route, async c => {
    const { lease } = c.req.valid('query')
    const snapshot = await ownSnapshot(ports, c.var.agent, c.req.valid('param').snapshot)
    if (snapshot.state !== 'abandoned') await abort(snapshot.snapshot)
    else if (snapshot.lease !== lease) throw leaseStale()
    return c.json({ state: 'abandoned' as const }, 200)

    async function abort(id: string) {
      const open = writable(snapshot, lease)
      try {
        await abandon(ports.catalogue, open, 'the agent aborted it', ports.clock())
      } catch (error) {
        if (!isRefused(error)) throw error
        writable(await ownSnapshot(ports, c.var.agent, id), lease) // says what it has become meanwhile
        throw error
      }
    }
  })
}
