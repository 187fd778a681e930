import { createRoute } from '@hono/zod-openapi'
import { ReceiverResponse } from '../../shared/api/agent.ts'
import { jsonAnswer } from '../http/json.ts'
import type { AgentApp } from './app.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/receiver',
  summary: 'Who answers, and its clock',
  responses: { 200: jsonAnswer('This receiver', ReceiverResponse) },
})

export function tellReceiver(app: AgentApp, { env, clock }: AgentApiPorts): void {
  app.openapi(route, c =>
    c.json({ receiver: env.RECEIVER_ID, name: env.RECEIVER_NAME, time: clock().toISOString() }, 200),
  )
}
