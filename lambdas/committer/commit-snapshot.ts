import { createRoute, z } from '@hono/zod-openapi'
import { CommitRequest, CommitResponse } from '../../shared/api/agent.ts'
import { SnapshotId } from '../../shared/ids.ts'
import { commit } from '../commit/commit.ts'
import type { CommitPorts } from '../commit/ports.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { ownSnapshot } from '../http/owned.ts'
import type { CommitterApp } from './app.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/snapshots/{snapshot}/commit',
  summary: 'Commit the snapshot with its signed manifest; idempotent',
  request: { params: z.object({ snapshot: SnapshotId }), ...jsonBody(CommitRequest) },
  responses: {
    200: jsonAnswer('Committed: every byte is proved and locked', CommitResponse),
    202: jsonAnswer('Committing: ask again', CommitResponse),
    default: refusal,
  },
})

export function commitSnapshot(app: CommitterApp, ports: CommitPorts): void {
  app.openapi(route, async c => {
    const snapshot = await ownSnapshot(ports, c.var.agent, c.req.valid('param').snapshot)
    const committed = await commit(ports, c.var, snapshot, c.req.valid('json'))
    if (!committed) return c.json({ state: 'committing' as const }, 202)
    const { receivedAt, lockedUntil, warnings } = committed
    return c.json({ state: 'committed' as const, receivedAt, lockedUntil, warnings }, 200)
  })
}
