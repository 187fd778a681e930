import { createRoute, z } from '@hono/zod-openapi'
import { CompleteRequest, CompleteResponse } from '../../shared/api/agent.ts'
import { SnapshotId } from '../../shared/ids.ts'
import { packLimit } from '../../shared/manifest.ts'
import { ProblemError } from '../../shared/problem.ts'
import { findManifest } from '../catalogue/commits.ts'
import { leaseStale } from '../catalogue/leases.ts'
import { checkedManifest } from '../commit/check-manifest.ts'
import { completePack } from '../commit/complete-pack.ts'
import type { CommitPorts } from '../commit/ports.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { ownSnapshot, type Snapshot, snapshotState } from '../http/owned.ts'
import type { CommitterApp } from './app.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/snapshots/{snapshot}/packs/{pack}/complete',
  summary: 'Complete a pack that is full; idempotent',
  request: {
    params: z.object({ snapshot: SnapshotId, pack: z.coerce.number().int().min(1).max(packLimit) }),
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
    if (snapshot.state !== 'open') await requireNamed(snapshot, n)
    await completePack(ports, snapshot, pack)
    return c.json({ state: 'complete' as const }, 200)
  })

  /** Once the commit has begun, a pack outside of the manifest would be an object that nothing leads to. */
  async function requireNamed(snapshot: Exclude<Snapshot, { state: 'open' }>, n: number): Promise<void> {
    const stored = await findManifest(ports.catalogue, snapshot.snapshot)
    const manifest = stored && (await checkedManifest(stored.manifest, snapshot, stored.agentKey))
    if (!manifest || n > manifest.packs.length) throw snapshotState(snapshot)
  }
}
