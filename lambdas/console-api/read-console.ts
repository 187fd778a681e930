import { createRoute } from '@hono/zod-openapi'
import { ConsoleInfoResponse } from '../../shared/api/console.ts'
import { jsonAnswer, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import type { ConsoleApp } from './app.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/console',
  summary: 'Whose console this is, and how long it lives',
  responses: { 200: jsonAnswer('The console', ConsoleInfoResponse), default: refusal },
})

export function readConsole(app: ConsoleApp, { clock, env }: Ports): void {
  app.openapi(route, c => {
    const { openedBy, createdAt, expiresAt } = c.var.console
    const receiver = { id: env.RECEIVER_ID, name: env.RECEIVER_NAME }
    return c.json({ receiver, openedBy, createdAt, expiresAt, now: clock().toISOString() }, 200)
  })
}
