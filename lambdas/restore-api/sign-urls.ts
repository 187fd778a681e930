import { createRoute, z } from '@hono/zod-openapi'
import { PackUrlsRequest, PackUrlsResponse } from '../../shared/api/restore.ts'
import type { SnapshotId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { packKey as packItemKey } from '../catalogue/keys.ts'
import { isComplete, PackItem } from '../catalogue/packs.ts'
import { findIndex, type RestoreManifest } from '../catalogue/restore-manifests.ts'
import { findSnapshot } from '../catalogue/snapshots.ts'
import { readMany } from '../catalogue/table.ts'
import { countDownloaded } from '../catalogue/usage.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { packKey } from '../vault/keys.ts'
import { downloadSeconds } from '../vault/sign-download.ts'
import type { RestoreApp } from './app.ts'
import { ownManifest } from './own-manifest.ts'
import type { RestoreApiPorts } from './ports.ts'
import { snapshotRemoved } from './removed.ts'
import { spendFor, type WantedPack } from './spend.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/restore-manifests/{manifest}/urls',
  summary: 'URLs for packs of this restore manifest; each takes GET with any Range',
  request: { params: z.object({ manifest: z.string().max(100) }), ...jsonBody(PackUrlsRequest) },
  responses: { 200: jsonAnswer('One URL per pack, in the same order', PackUrlsResponse), default: refusal },
})

const Item = PackItem.extend({ PK: z.string() })

/** What is signed is counted before: a URL that nobody gets costs its holder bytes, one that nobody counted would cost the provider money. */
export function signUrls(app: RestoreApp, ports: RestoreApiPorts): void {
  const { catalogue, vault, clock } = ports
  app.openapi(route, async c => {
    const { holder } = c.var
    const manifest = await ownManifest(ports, holder, c.req.valid('param').manifest)
    const { packs } = c.req.valid('json')
    const wanted = await completePacks(manifest, packs)
    const spent = await spendFor(ports, holder, manifest, wanted)
    const urls = await Promise.all(
      wanted.map(async ({ snapshot, pack, item }) => ({
        snapshot,
        pack,
        url: await vault.signDownload(packKey({ tenant: manifest.tenant, snapshot }, pack), item.versionId),
      })),
    )
    await countDownloaded(catalogue, manifest, spent, clock())
    return c.json({ urls, expiresAt: new Date(clock().getTime() + downloadSeconds * 1000).toISOString() }, 200)
  })

  /** @throws ProblemError `not-found`; `not-restorable` for what was removed since the restore was planned */
  async function completePacks(
    manifest: RestoreManifest,
    packs: z.output<typeof PackUrlsRequest>['packs'],
  ): Promise<WantedPack[]> {
    const keys = packs.map(({ snapshot, pack }) => packItemKey(snapshot, pack))
    const items = new Map((await readMany(catalogue, Item, keys)).map(item => [`${item.PK} ${item.n}`, item]))
    const found = packs.map(({ snapshot, pack }, i) => ({ snapshot, pack, item: items.get(`${keys[i]!.PK} ${pack}`) }))
    const missing = found.find(({ item }) => !item || !isComplete(item))
    if (missing) throw await whyMissing(manifest, missing.snapshot)
    return found as WantedPack[]
  }

  /** What is not of this restore is nobody's business here. */
  async function whyMissing({ id }: RestoreManifest, snapshot: SnapshotId): Promise<ProblemError> {
    if (!(await findIndex(catalogue, id, snapshot))) return new ProblemError('not-found')
    const item = await findSnapshot(catalogue, snapshot)
    const isGone = !item || (item.state === 'tombstoned' && item.deletingSince !== undefined)
    return isGone ? snapshotRemoved(snapshot) : new ProblemError('not-found', 'the snapshot has no such pack')
  }
}
