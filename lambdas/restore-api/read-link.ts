import { createRoute } from '@hono/zod-openapi'
import { LinkInfoResponse } from '../../shared/api/restore.ts'
import { ProblemError } from '../../shared/problem.ts'
import { usesLeft } from '../catalogue/links.ts'
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
    const { name, engine } = await linkedSource(ports, link)
    const { source, tenant, snapshots, units, since, until, expiresAt } = link
    return c.json(
      {
        source,
        sourceName: name,
        tenant,
        engine,
        snapshots,
        units,
        since,
        until,
        expiresAt,
        usesLeft: usesLeft(link),
        passcode: link.passcode !== null,
      },
      200,
    )
  })
}
