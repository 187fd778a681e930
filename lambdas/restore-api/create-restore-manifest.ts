import { createRoute } from '@hono/zod-openapi'
import type { z } from 'zod'
import { RestoreManifestRequest, RestoreManifestResponse } from '../../shared/api/restore.ts'
import type { Moment } from '../../shared/planner/plan.ts'
import { ProblemError } from '../../shared/problem.ts'
import { recordAudit } from '../catalogue/audit.ts'
import { useLink } from '../catalogue/links.ts'
import { createRestoreManifest as create, type RestoreManifest } from '../catalogue/restore-manifests.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { newSecret } from '../http/ports.ts'
import type { RestoreApp } from './app.ts'
import { actorOf, type Holder, holderId, linkInvalid, sourceFor } from './holder.ts'
import { pageOf } from './manifest-page.ts'
import { planFrom } from './plan.ts'
import type { RestoreApiPorts } from './ports.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/restore-manifests',
  summary: 'The ordered snapshots that lead to a moment; consumes a use of a link',
  request: jsonBody(RestoreManifestRequest),
  responses: { 200: jsonAnswer('Its first page', RestoreManifestResponse), default: refusal },
})

/** How long an agent may fetch what it planned; a link's holder until the link expires. */
const agentSeconds = 7 * 86_400
/** What URLs may be signed for, as a multiple of the content: a broken restore can be repeated once. */
const budgetFactor = 2

/** A moment that cannot be restored consumes no use. */
export function createRestoreManifest(app: RestoreApp, ports: RestoreApiPorts): void {
  const { catalogue, clock, log } = ports
  app.openapi(route, async c => {
    const request = c.req.valid('json')
    const { holder } = c.var
    const source = await sourceFor(ports, holder, request.source)
    const moment = momentOf(request, holder)
    const snapshots = await planFrom(catalogue, source.source, moment, request.units)
    const now = clock()
    if (holder.kind === 'link' && !(await useLink(catalogue, holder.link, now))) throw linkInvalid()

    const bytes = snapshots.reduce((sum, { totals }) => sum + totals.storedBytes, 0)
    const manifest: RestoreManifest = {
      id: newSecret(ports),
      tenant: source.tenant,
      source: source.source,
      holder: holderId(holder),
      at: moment.kind === 'at' ? moment.at : null,
      createdAt: now.toISOString(),
      expiresAt:
        holder.kind === 'link' ? holder.link.expiresAt : new Date(now.getTime() + agentSeconds * 1000).toISOString(),
      bytes,
      signedBytes: 0,
      byteBudget: budgetFactor * bytes,
      count: snapshots.length,
    }
    await recordAudit(catalogue, source.tenant, {
      at: manifest.createdAt,
      actor: actorOf(holder),
      action: holder.kind === 'link' ? 'link-used' : 'restore-planned',
      target: source.source,
      detail: { moment, snapshots: snapshots.length, bytes },
    })
    await create(
      catalogue,
      manifest,
      snapshots.map(({ snapshot }) => snapshot),
    )
    log.count('RestoresPlanned', 1)
    return c.json(await pageOf(ports, manifest, source, 0), 200)
  })
}

function momentOf({ at, snapshot }: z.output<typeof RestoreManifestRequest>, holder: Holder): Moment {
  if (at !== undefined && snapshot !== undefined)
    throw new ProblemError('invalid-request', 'give either at or snapshot, or neither')
  const only = holder.kind === 'link' ? holder.link.snapshot : null
  if (only !== null) {
    if (at !== undefined || (snapshot !== undefined && snapshot !== only)) throw new ProblemError('out-of-scope')
    return { kind: 'snapshot', snapshot: only }
  }
  if (snapshot !== undefined) return { kind: 'snapshot', snapshot }
  return at === undefined ? { kind: 'latest' } : { kind: 'at', at }
}
