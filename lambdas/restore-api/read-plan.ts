import { createRoute, z } from '@hono/zod-openapi'
import { RestorePlanResponse } from '../../shared/api/restore.ts'
import { SnapshotId, SourceId } from '../../shared/ids.ts'
import { Instant } from '../../shared/snapshot.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { RestoreApp } from './app.ts'
import { sourceFor } from './holder.ts'
import { planPage } from './plan-page.ts'
import { planWithin } from './plan-within.ts'
import type { RestoreApiPorts } from './ports.ts'
import { scopeOf } from './scope.ts'
import { Units } from './unit-query.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/sources/{source}/plan',
  summary: 'What a restore would be made from; consumes no use of a link and signs nothing',
  request: {
    params: z.object({ source: SourceId }),
    query: z.object({
      at: Instant.optional(),
      snapshot: SnapshotId.optional(),
      unit: Units,
      page: SnapshotId.optional(),
    }),
  },
  responses: { 200: jsonAnswer('A page of the plan', RestorePlanResponse), default: refusal },
})

/** Planned anew for each page: what was answered is not kept anywhere. */
export function readPlan(app: RestoreApp, ports: RestoreApiPorts): void {
  app.openapi(route, async c => {
    const { holder } = c.var
    const { unit: units, page, ...moment } = c.req.valid('query')
    const source = await sourceFor(ports, holder, c.req.valid('param').source)
    const plan = await planWithin(ports, source, scopeOf(holder), { source: source.source, ...moment, units })
    return c.json(await planPage(ports, plan, page), 200)
  })
}
