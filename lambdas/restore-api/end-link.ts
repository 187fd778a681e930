import { createRoute } from '@hono/zod-openapi'
import { LinkRevokedResponse } from '../../shared/api/agent.ts'
import { ProblemError } from '../../shared/problem.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import { revokeLink } from '../http/revoke-link.ts'
import type { RestoreApp } from './app.ts'
import { actorOf } from './holder.ts'
import type { RestoreApiPorts } from './ports.ts'

const route = createRoute({
  method: 'delete',
  path: '/v1/link',
  summary: 'End this link; whoever holds it may',
  responses: { 200: jsonAnswer('It has ended', LinkRevokedResponse), default: refusal },
})

export function endLink(app: RestoreApp, ports: RestoreApiPorts): void {
  app.openapi(route, async c => {
    const { holder } = c.var
    if (holder.kind !== 'link') throw new ProblemError('not-found', 'an agent holds no link')
    return c.json(await revokeLink(ports, holder.link, actorOf(holder)), 200)
  })
}
