import { createRoute, z } from '@hono/zod-openapi'
import { CompleteRequest, CompleteResponse } from '../../shared/api/agent.ts'
import { SnapshotId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { leaseStale } from '../catalogue/leases.ts'
import { completePack } from '../commit/complete-pack.ts'
import type { CommitPorts } from '../commit/ports.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { ownSnapshot } from '../http/owned.ts'
import type { CommitterApp } from './app.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/snapshots/{snapshot}/packs/{pack}/complete',
  summary: 'Complete a pack that is full; idempotent',
  request: {
    params: z.object({ snapshot: SnapshotId, pack: z.coerce.number().int().min(1).max(500) }),
    ...jsonBody(CompleteRequest),
  },
  responses: {
    200: jsonAnswer('The pack is one object, and leftover upload URLs are dead', CompleteResponse),
    default: refusal,
  },
})

export function completeOnePack(app: CommitterApp, ports: CommitPorts): void {
  app.openapi(route, async c => {
    const { snapshot: id, pack: n } = c.req.valid('param')
    const { lease, pack } = c.req.valid('json')
    const snapshot = await ownSnapshot(ports, c.var.agent, id)
    if (snapshot.lease !== lease || snapshot.state === 'abandoned') throw leaseStale()
    if (pack.n !== n) throw new ProblemError('invalid-request', `pack.n: it is ${pack.n}, the address says ${n}`)
    await completePack(ports, snapshot, pack)
    return c.json({ state: 'complete' as const }, 200)
  })
}
