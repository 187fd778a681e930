import { createRoute, z } from '@hono/zod-openapi'
import { PackUrlsRequest, PackUrlsResponse } from '../../shared/api/restore.ts'
import type { SnapshotId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { findPack, isComplete } from '../catalogue/packs.ts'
import { type Chunk, findChunkOf, rememberSigned, spendBytes } from '../catalogue/restore-manifests.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { packKey } from '../vault/keys.ts'
import { downloadSeconds } from '../vault/sign-download.ts'
import type { RestoreApp } from './app.ts'
import { ownManifest } from './own-manifest.ts'
import type { RestoreApiPorts } from './ports.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/restore-manifests/{manifest}/urls',
  summary: 'URLs for packs of this restore manifest; each takes GET with any Range',
  request: { params: z.object({ manifest: z.string().max(100) }), ...jsonBody(PackUrlsRequest) },
  responses: { 200: jsonAnswer('One URL per pack, in the same order', PackUrlsResponse), default: refusal },
})

/**
 * Signing a pack again counts as this much at most: its URL lives 15 minutes, and over a slow line a large pack takes many of them. The first
 * time a pack counts in full.
 */
const renewalBytes = 64 * 1024 ** 2

export function signUrls(app: RestoreApp, ports: RestoreApiPorts): void {
  const { catalogue, vault, clock } = ports
  app.openapi(route, async c => {
    const manifest = await ownManifest(ports, c.var.holder, c.req.valid('param').manifest)
    const chunks: Chunk[] = []
    const wanted: { key: string; versionId: string; bytes: number; chunk: number; mark: string }[] = []
    const { packs } = c.req.valid('json')
    for (const { snapshot, pack: n } of packs) {
      const chunk = await chunkOf(manifest.id, snapshot, chunks)
      const pack = await findPack(catalogue, snapshot, n)
      if (!pack || !isComplete(pack)) throw new ProblemError('not-found')
      const mark = `${chunk.snapshots.indexOf(snapshot)}:${n}`
      const bytes = chunk.signed.has(mark) ? Math.min(pack.size, renewalBytes) : pack.size
      const key = packKey({ tenant: manifest.tenant, snapshot }, n)
      wanted.push({ key, versionId: pack.versionId, bytes, chunk: chunk.n, mark })
    }
    const spent = wanted.reduce((sum, { bytes }) => sum + bytes, 0)
    if (!(await spendBytes(catalogue, manifest, spent)))
      throw new ProblemError('quota-exceeded', 'this restore has fetched twice what it holds', {
        fix: 'Begin a new restore',
      })
    for (const { n } of chunks)
      await rememberSigned(
        catalogue,
        manifest.id,
        n,
        wanted.filter(({ chunk }) => chunk === n).map(({ mark }) => mark),
      )
    const signed = await Promise.all(wanted.map(({ key, versionId }) => vault.signDownload(key, versionId)))
    const urls = packs.map((pack, i) => ({ ...pack, url: signed[i]! }))
    return c.json({ urls, expiresAt: new Date(clock().getTime() + downloadSeconds * 1000).toISOString() }, 200)
  })

  /** The piece of the manifest that names `snapshot`. @throws ProblemError `not-found`: it is not part of this restore */
  async function chunkOf(id: string, snapshot: SnapshotId, known: Chunk[]): Promise<Chunk> {
    const before = known.find(({ snapshots }) => snapshots.includes(snapshot))
    if (before) return before
    const chunk = await findChunkOf(catalogue, id, snapshot)
    if (!chunk) throw new ProblemError('not-found')
    known.push(chunk)
    return chunk
  }
}
