import { createRoute } from '@hono/zod-openapi'
import { LinkInfoResponse } from '../../shared/api/restore.ts'
import { ProblemError } from '../../shared/problem.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { RestoreApp } from './app.ts'
import { linkedSource } from './holder.ts'
import type { RestoreApiPorts } from './ports.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/link',
  summary: 'What this link allows; never consumes a use',
  responses: { 200: jsonAnswer('The link', LinkInfoResponse), default: refusal },
})

export function readLink(app: RestoreApp, ports: RestoreApiPorts): void {
  app.openapi(route, async c => {
    const { holder } = c.var
    if (holder.kind !== 'link') throw new ProblemError('not-found', 'an agent holds no link')
    const { link } = holder
    const source = await linkedSource(ports, link)
    return c.json(
      {
        source: link.source,
        sourceName: source.name,
        tenant: link.tenant,
        engine: source.engine,
        snapshot: link.snapshot,
        expiresAt: link.expiresAt,
        usesLeft: link.uses === null ? null : Math.max(0, link.uses - link.used),
        passcode: link.passcode !== null,
      },
      200,
    )
  })
}
