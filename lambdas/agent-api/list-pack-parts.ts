import { createRoute, z } from '@hono/zod-openapi'
import { PackPartsResponse } from '../../shared/api/agent.ts'
import { SnapshotId } from '../../shared/ids.ts'
import { packLimit } from '../../shared/manifest.ts'
import { leaseStale } from '../catalogue/leases.ts'
import { findPack, isComplete } from '../catalogue/packs.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import { ownSnapshot } from '../http/owned.ts'
import { packKey } from '../vault/keys.ts'
import type { AgentApp } from './app.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/snapshots/{snapshot}/packs/{pack}/parts',
  summary: 'What S3 already has of a pack',
  request: {
    params: z.object({ snapshot: SnapshotId, pack: z.coerce.number().int().min(1).max(packLimit) }),
    query: z.object({ lease: z.string().max(100) }),
  },
  responses: { 200: jsonAnswer('The parts that need not be sent again', PackPartsResponse), default: refusal },
})

export function listPackParts(app: AgentApp, ports: AgentApiPorts): void {
  const { catalogue, vault } = ports
  app.openapi(route, async c => {
    const { snapshot: id, pack: n } = c.req.valid('param')
    const snapshot = await ownSnapshot(ports, c.var.agent, id)
    if (snapshot.lease !== c.req.valid('query').lease || snapshot.state === 'abandoned') throw leaseStale()
    const pack = await findPack(catalogue, id, n)
    if (!pack) return c.json({ state: 'none' as const, parts: [] }, 200)
    if (isComplete(pack)) return c.json({ state: 'complete' as const, parts: [] }, 200)
    const uploaded = await vault.listParts(packKey(snapshot, n), pack.uploadId)
    // finished and not recorded, or aborted: this function may not look at the object, the one that completes packs does
    if (!uploaded) return c.json({ state: 'closed' as const, parts: [] }, 200)
    const parts = uploaded.map(({ number, size, sha256 }) => ({ number, size, sha256 }))
    return c.json({ state: 'open' as const, parts }, 200)
  })
}
