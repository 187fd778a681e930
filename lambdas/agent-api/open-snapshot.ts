import { createRoute } from '@hono/zod-openapi'
import { OpenRequest, OpenResponse } from '../../shared/api/agent.ts'
import { newUlid } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { laneOf } from '../../shared/snapshot.ts'
import { openUnderLease } from '../catalogue/leases.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { ownSource } from '../http/owned.ts'
import { newSecret } from '../http/ports.ts'
import { checkQuota } from '../usage/quota.ts'
import type { AgentApp } from './app.ts'
import { headsOf } from './heads.ts'
import { limits, partSizeFor } from './part-size.ts'
import type { AgentApiPorts } from './ports.ts'

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
    const { snapshot, until } = await openUnderLease(catalogue, opening, newSecret(ports), now)
    const heads = await headsOf(ports, id)
    return c.json(
      {
        snapshot: snapshot.snapshot,
        lease: { token: snapshot.lease, until },
        heads,
        partSize: snapshot.partSize,
        limits,
      },
      200,
    )
  })
}
