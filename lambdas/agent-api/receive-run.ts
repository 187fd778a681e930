import { createRoute } from '@hono/zod-openapi'
import { RunRequest, RunResponse } from '../../shared/api/agent.ts'
import { sourceOf } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { noteRun } from '../catalogue/expectations.ts'
import { recordRun } from '../catalogue/runs.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { ownSource } from '../http/owned.ts'
import type { AgentApp } from './app.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/runs',
  summary: 'What became of a run, a note after commit, or a heartbeat',
  request: jsonBody(RunRequest),
  responses: { 200: jsonAnswer('Recorded', RunResponse), default: refusal },
})

export function receiveRun(app: AgentApp, ports: AgentApiPorts): void {
  app.openapi(route, async c => {
    const run = c.req.valid('json')
    const source = await ownSource(ports, c.var.agent, run.source)
    if (run.snapshot !== undefined && sourceOf(run.snapshot) !== source.source)
      throw new ProblemError('invalid-request', 'snapshot: it is of another source')
    const now = ports.clock()
    const recordedAt = now.toISOString()
    await recordRun(ports.catalogue, { ...run, recordedAt })
    await noteRun(ports.catalogue, source, run.outcome, now)
    return c.json({ recordedAt }, 200)
  })
}
