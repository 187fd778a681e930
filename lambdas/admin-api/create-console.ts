import { createRoute } from '@hono/zod-openapi'
import { ConsoleRequest, ConsoleResponse } from '../../shared/api/console.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { consoleCreation } from '../catalogue/consoles.ts'
import { transact } from '../catalogue/table.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import { newSecret, type Ports } from '../http/ports.ts'
import { publicUrl } from '../http/public-url.ts'
import type { AdminApp } from './app.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/admin/consoles',
  summary: "A link to the provider's page, 12 hours at most",
  request: jsonBody(ConsoleRequest),
  responses: { 200: jsonAnswer('The link; its secret is nowhere else', ConsoleResponse), default: refusal },
})

const defaultSeconds = 3600

export function createConsole(app: AdminApp, ports: Ports): void {
  const { catalogue, clock } = ports
  app.openapi(route, async c => {
    const { expiresSeconds = defaultSeconds } = c.req.valid('json')
    const { actor, arn } = c.var
    const now = clock()
    const createdAt = now.toISOString()
    const expiresAt = new Date(now.getTime() + expiresSeconds * 1000).toISOString()
    const secret = newSecret(ports)
    await transact(catalogue, [
      { put: consoleCreation(secret, { openedBy: arn, createdAt, expiresAt }) },
      {
        put: auditCreation(null, {
          at: createdAt,
          actor,
          action: 'console-opened',
          target: arn,
          detail: { expiresAt },
        }),
      },
    ])
    return c.json({ url: `${publicUrl(ports, c.req)}/console#${secret}`, expiresAt }, 200)
  })
}
