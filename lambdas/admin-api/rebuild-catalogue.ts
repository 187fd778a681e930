import { createRoute } from '@hono/zod-openapi'
import { RebuildRequest, RebuildResponse } from '../../shared/api/rebuild.ts'
import { ProblemError } from '../../shared/problem.ts'
import { recordAudit } from '../catalogue/audit.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { rebuild } from '../rebuild/rebuild.ts'
import type { AdminApp } from './app.ts'
import type { AdminPorts } from './ports.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/admin/catalogue/rebuild',
  summary: 'Put back what the vault proves was committed, for some 20 seconds; asked again with the cursor it goes on',
  request: jsonBody(RebuildRequest),
  responses: { 200: jsonAnswer('What was done, and where to go on', RebuildResponse), default: refusal },
})

const seconds = 20

/** Leaves one entry in the audit of each tenant that something was put back of. */
export function rebuildCatalogue(app: AdminApp, ports: AdminPorts): void {
  const { catalogue, clock } = ports
  app.openapi(route, async c => {
    const after = keyIn(c.req.valid('json').cursor)
    const { after: next, tenants, ...told } = await rebuild(ports, after, clock().getTime() + seconds * 1000)
    for (const [tenant, restored] of tenants)
      await recordAudit(catalogue, tenant, {
        at: clock().toISOString(),
        actor: c.var.actor,
        action: 'catalogue-rebuilt',
        target: tenant,
        detail: { restored },
      })
    return c.json({ cursor: next === null ? null : Buffer.from(next).toString('base64url'), ...told }, 200)
  })
}

/** A cursor is the last key that is done. */
function keyIn(cursor: string | undefined): string | undefined {
  if (cursor === undefined || cursor === '') return undefined
  const key = Buffer.from(cursor, 'base64url').toString()
  if (/^meta\/[a-z0-9-]+\/[\w./-]+$/.test(key)) return key
  throw new ProblemError('invalid-request', 'cursor: it is no answer of this call')
}
