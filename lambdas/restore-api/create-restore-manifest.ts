import { createRoute } from '@hono/zod-openapi'
import type { z } from 'zod'
import { RestoreManifestRequest, RestoreManifestResponse } from '../../shared/api/restore.ts'
import { ProblemError } from '../../shared/problem.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { hashOf } from '../catalogue/keys.ts'
import { findLinkByHash, type Link, linkUse, usesLeft } from '../catalogue/links.ts'
import {
  findRestoreManifest,
  keepSteps,
  type RestoreManifest,
  restoreManifestCreation,
} from '../catalogue/restore-manifests.ts'
import type { Source } from '../catalogue/sources.ts'
import { isRefused, type Step, transact } from '../catalogue/table.ts'
import { countRestore } from '../catalogue/usage.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { newSecret } from '../http/ports.ts'
import { tombstoneDays } from '../retention/tombstone-days.ts'
import type { RestoreApp } from './app.ts'
import { actorOf, type Holder, holderId, linkInvalid, sourceFor } from './holder.ts'
import { pageOf } from './manifest-page.ts'
import { bytesOf, namesOf, type PlanWithin, planWithin } from './plan-within.ts'
import type { RestoreApiPorts } from './ports.ts'
import { scopeOf } from './scope.ts'

type Request = z.output<typeof RestoreManifestRequest>

const route = createRoute({
  method: 'post',
  path: '/v1/restore-manifests',
  summary: 'The ordered snapshots that lead to a moment; consumes a use of a link',
  request: jsonBody(RestoreManifestRequest),
  responses: { 200: jsonAnswer('Its first page', RestoreManifestResponse), default: refusal },
})

/**
 * How long an agent may fetch what it planned; a link's holder until the link expires. An hour less than a tombstone stands: a pass of the janitor
 * that was under way, and the last URL, are over by then.
 */
const agentSeconds = tombstoneDays * 86_400 - 3600
/** Each attempt after the first means that another use of the same link was faster. */
const attempts = 10

/** A moment that cannot be restored consumes no use, and neither does the same request asked again. */
export function createRestoreManifest(app: RestoreApp, ports: RestoreApiPorts): void {
  const { catalogue, clock, log } = ports
  app.openapi(route, async c => {
    const request = c.req.valid('json')
    const { holder } = c.var
    const source = await sourceFor(ports, holder, request.source)
    const id = idOf(ports, holder, request)
    const before = request.idempotencyKey && (await findRestoreManifest(catalogue, id, clock()))
    if (before) return c.json(await pageOf(ports, before, source, 0), 200)
    // planning reads much, and writes its steps before the use is counted
    if (holder.kind === 'link' && usesLeft(holder.link) === 0) throw linkInvalid()

    const plan = await planWithin(ports, source, scopeOf(holder), request)
    const manifest = manifestOf(id, holder, source, plan, clock())
    const doubtful = new Set(plan.doubtful)
    await keepSteps(
      catalogue,
      manifest,
      plan.snapshots.map(({ snapshot, receivedAt }) => ({
        snapshot,
        receivedAt,
        ...(doubtful.has(snapshot) && { doubtful: true }),
      })),
    )
    const made = await use(holder, manifest, plan)
    if (made) {
      await countRestore(catalogue, source, clock())
      log.count('RestoresPlanned', 1)
    }
    return c.json(await pageOf(ports, manifest, source, 0), 200)
  })

  /**
   * The use, the restore manifest and the audit in one step, so that there is never one without the others. A write that the SDK sends again
   * carries the same client token.
   * @returns false when the same request was here at the same time, and was first
   * @throws ProblemError `link-invalid` when no use is left, also when two ask for the last one at the same time
   */
  async function use(holder: Holder, manifest: RestoreManifest, plan: PlanWithin): Promise<boolean> {
    let link = holder.kind === 'link' ? holder.link : undefined
    for (let attempt = 1; ; attempt++) {
      if (link && usesLeft(link) === 0) throw linkInvalid()
      try {
        await transact(catalogue, [
          { put: restoreManifestCreation(manifest) },
          { put: auditCreation(manifest.tenant, auditOf(holder, manifest, plan)) },
          ...useOf(link, manifest),
        ])
        return true
      } catch (error) {
        if (!isRefused(error)) throw error
        if (await findRestoreManifest(catalogue, manifest.id, clock())) return false
        if (attempt >= attempts) throw new ProblemError('throttled', 'the link is being used by many at once')
        if (!link) continue
        link = await findLinkByHash(catalogue, link.hash, clock())
        if (!link || link.revokedAt !== undefined) throw linkInvalid()
      }
    }
  }

  function useOf(link: Link | undefined, { bytes }: RestoreManifest): Step[] {
    return link ? [{ update: linkUse(link, bytes, clock()) }] : []
  }
}

/** The same for the same request of the same holder. */
function idOf(ports: RestoreApiPorts, holder: Holder, request: Request): string {
  if (request.idempotencyKey === undefined) return newSecret(ports)
  return hashOf(`${holderId(holder)} ${JSON.stringify(request)}`)
}

function manifestOf(id: string, holder: Holder, source: Source, plan: PlanWithin, now: Date): RestoreManifest {
  const { wanted, snapshots } = plan
  return {
    id,
    tenant: source.tenant,
    source: source.source,
    holder: holderId(holder),
    ...namesOf(plan),
    units: holder.kind === 'link' && holder.link.units !== null ? (wanted ?? null) : null,
    createdAt: now.toISOString(),
    expiresAt:
      holder.kind === 'link' ? holder.link.expiresAt : new Date(now.getTime() + agentSeconds * 1000).toISOString(),
    bytes: bytesOf(plan),
    count: snapshots.length,
  }
}

function auditOf(holder: Holder, { createdAt, source, bytes, count }: RestoreManifest, plan: PlanWithin) {
  const { moment, wanted, snapshots, doubtful } = plan
  return {
    at: createdAt,
    actor: actorOf(holder),
    action: holder.kind === 'link' ? ('link-used' as const) : ('restore-planned' as const),
    target: source,
    detail: {
      address: holder.address,
      moment,
      ...(wanted && { units: wanted.length }),
      snapshots: count,
      newest: snapshots.at(-1)?.snapshot,
      ...(doubtful.length > 0 && { doubtful: doubtful.length }),
      bytes,
    },
  }
}
