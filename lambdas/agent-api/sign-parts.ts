import { createRoute, z } from '@hono/zod-openapi'
import { type Part, PartsRequest, PartsResponse } from '../../shared/api/agent.ts'
import { SnapshotId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { Agent } from '../catalogue/agents.ts'
import { createPack, findPack, isComplete } from '../catalogue/packs.ts'
import type { SnapshotIn } from '../catalogue/snapshots.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { ownSnapshot, writable } from '../http/owned.ts'
import { countSigned } from '../usage/count-signed.ts'
import { packKey } from '../vault/keys.ts'
import { urlSeconds } from '../vault/sign-part.ts'
import type { AgentApp } from './app.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/snapshots/{snapshot}/parts',
  summary: 'A window of parts → URLs that take exactly these bytes',
  request: { params: z.object({ snapshot: SnapshotId }), ...jsonBody(PartsRequest) },
  responses: { 200: jsonAnswer('One URL per part, in the same order', PartsResponse), default: refusal },
})

/** May be asked again for the same parts: an expired URL is signed anew. A pack's upload begins with its first window. */
export function signParts(app: AgentApp, ports: AgentApiPorts): void {
  const { catalogue, vault, clock, log } = ports
  app.openapi(route, async c => {
    const { lease, parts } = c.req.valid('json')
    const snapshot = writable(await ownSnapshot(ports, c.var.agent, c.req.valid('param').snapshot), lease)
    checkWindow(parts, snapshot.partSize)
    const packs = [...new Set(parts.map(part => part.pack))]
    const uploads = new Map(
      await Promise.all(packs.map(async n => [n, await uploadOf(c.var.agent, snapshot, n)] as const)),
    )
    await countSigned(ports, c.var.tenant, snapshot, parts)
    const expiresAt = new Date(clock().getTime() + urlSeconds * 1000).toISOString()
    const urls = await Promise.all(
      parts.map(async ({ pack, number, size, sha256 }) => {
        const uploadId = uploads.get(pack)!
        return {
          pack,
          number,
          ...(await vault.signPart({ key: packKey(snapshot, pack), uploadId, number, size, sha256 })),
        }
      }),
    )
    log.count('PartsSigned', urls.length)
    return c.json({ urls, expiresAt }, 200)
  })

  async function uploadOf(agent: Agent, snapshot: SnapshotIn<'open'>, n: number): Promise<string> {
    const pack = await findPack(catalogue, snapshot.snapshot, n)
    if (!pack) {
      const uploadId = await vault.createUpload(packKey(snapshot, n))
      const first = await createPack(catalogue, snapshot.snapshot, n, uploadId)
      // the commit may have begun meanwhile: it knows of this pack, or we know of it
      writable(await ownSnapshot(ports, agent, snapshot.snapshot), snapshot.lease)
      if (first) return uploadId
      return uploadOf(agent, snapshot, n) // the other request's upload counts; ours is aborted by the bucket's lifecycle
    }
    if (isComplete(pack))
      throw new ProblemError('snapshot-state', `pack ${n} is complete`, { extra: { pack: n, state: 'complete' } })
    return pack.uploadId
  }
}

/** Only a pack's last part may be smaller. Of earlier windows S3 and the commit know; here it is checked within the window. */
function checkWindow(parts: Part[], partSize: number): void {
  const highest = new Map<number, number>()
  const seen = new Set<string>()
  for (const { pack, number, size } of parts) {
    if (seen.size === seen.add(`${pack}/${number}`).size) throw invalid(pack, number, 'it is asked for twice')
    if (size > partSize) throw invalid(pack, number, `it has ${size} bytes, a part of this snapshot ${partSize}`)
    highest.set(pack, Math.max(number, highest.get(pack) ?? 0))
  }
  for (const { pack, number, size } of parts)
    if (size < partSize && number !== highest.get(pack))
      throw invalid(pack, number, `it has ${size} bytes; only the last part of a pack may have less than ${partSize}`)
}

function invalid(pack: number, number: number, why: string): ProblemError {
  return new ProblemError('invalid-request', `part ${number} of pack ${pack}: ${why}`)
}
