import { createRoute, z } from '@hono/zod-openapi'
import { RestoreManifestResponse } from '../../shared/api/restore.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { RestoreApp } from './app.ts'
import { sourceFor } from './holder.ts'
import { pageOf } from './manifest-page.ts'
import { ownManifest } from './own-manifest.ts'
import type { RestoreApiPorts } from './ports.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/restore-manifests/{manifest}',
  summary: 'A page of a restore manifest',
  request: {
    params: z.object({ manifest: z.string().max(100) }),
    query: z.object({ page: z.coerce.number().int().min(0).default(0) }),
  },
  responses: { 200: jsonAnswer('The page', RestoreManifestResponse), default: refusal },
})

export function readRestoreManifest(app: RestoreApp, ports: RestoreApiPorts): void {
  app.openapi(route, async c => {
    const { holder } = c.var
    const manifest = await ownManifest(ports, holder, c.req.valid('param').manifest)
    const source = await sourceFor(ports, holder, manifest.source)
    return c.json(await pageOf(ports, manifest, source, c.req.valid('query').page), 200)
  })
}
