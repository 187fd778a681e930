import { createRoute } from '@hono/zod-openapi'
import { OpenRequest, OpenResponse, type Promotion } from '../../shared/api/agent.ts'
import { newUlid, type RunId, type SourceId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { laneOf } from '../../shared/snapshot.ts'
import { findLane, openUnderLease } from '../catalogue/leases.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { ownSource } from '../http/owned.ts'
import { newSecret } from '../http/ports.ts'
import { checkQuota } from '../usage/quota.ts'
import type { AgentApp } from './app.ts'
import { headsOf } from './heads.ts'
import { limits, partSizeFor } from './part-size.ts'
import type { AgentApiPorts } from './ports.ts'
import { promotionOf } from './promotion.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/snapshots',
  summary: 'Open a snapshot and take the lease of its lane, before anything is asked of the engine',
  request: jsonBody(OpenRequest),
  responses: { 200: jsonAnswer('The snapshot, its lease and the heads to go on from', OpenResponse), default: refusal },
})

/** The same run asked again gets the same snapshot and lease. */
export function openSnapshot(app: AgentApp, ports: AgentApiPorts): void {
  const { catalogue, clock } = ports
  app.openapi(route, async c => {
    const { source: id, lane, kind, run, expectedBytes } = c.req.valid('json')
    const { agent } = c.var
    if (laneOf(kind) !== lane)
      throw new ProblemError('invalid-request', `kind: a ${kind} snapshot is not on lane ${lane}`)
    const source = await ownSource(ports, agent, id)
    const now = clock()
    const opening = {
      snapshot: `${id}.${newUlid(now.getTime())}`,
      source: id,
      tenant: agent.tenant,
      agent: agent.agent,
      engine: source.engine,
      lane,
      kind,
      run,
      partSize: partSizeFor(expectedBytes),
      expectedBytes,
      openedAt: now.toISOString(),
    }
    await checkQuota(ports, c.var.tenant, opening)
    const before = await headsOf(ports, id)
    const needed = lane === 'log' ? promotionOf(agent, before, now) : null
    if (needed && !(await isUnderWay(id, run))) throw promotionNeeded(needed)
    const { snapshot, until } = await openUnderLease(catalogue, opening, newSecret(ports), now)
    // the head may have moved before the lease was taken
    const moved = snapshot.head !== (before.heads[lane]?.snapshot ?? null)
    const { heads, ...rest } = moved ? await headsOf(ports, id) : before
    const promote = promotionOf(agent, { heads, ...rest }, now)
    return c.json(
      {
        snapshot: snapshot.snapshot,
        lease: { token: snapshot.lease, until },
        heads,
        promote,
        partSize: snapshot.partSize,
        limits,
      },
      200,
    )
  })
  /** A run that has its lease already is not asked to be another one. */
  async function isUnderWay(source: SourceId, run: RunId): Promise<boolean> {
    return (await findLane(catalogue, source, 'log')).lease?.run === run
  }
}

function promotionNeeded(promote: Promotion): ProblemError {
  return new ProblemError('promotion-needed', promote.reason, { extra: { promote }, fix: 'Make a full backup' })
}
