import { createRoute, z } from '@hono/zod-openapi'
import { AdminAgent, ReasonRequest } from '../../shared/api/admin.ts'
import { AgentId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { type Agent, findAgent, revocation } from '../catalogue/agents.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { freeLanes } from '../catalogue/free-lanes.ts'
import { newNotice, noticeStep } from '../catalogue/notices.ts'
import { isRefused, transact } from '../catalogue/table.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import { agentView } from '../provider/agent-view.ts'
import type { AdminApp } from './app.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/admin/agents/{agent}/revoke',
  summary: 'Refuses every call of an agent from now on; nothing that it backed up goes',
  request: { params: z.object({ agent: AgentId }), ...jsonBody(ReasonRequest) },
  responses: { 200: jsonAnswer('The agent', AdminAgent), default: refusal },
})

/**
 * Its links end with it, its leases are freed, and URLs that were signed for it die within 15 minutes. What is stored stays, and can be
 * restored through the provider's links or by an agent that replaces it. Idempotent: asked again it frees what is held once more.
 */
export function revokeAgent(app: AdminApp, ports: Ports): void {
  const { catalogue, clock, env } = ports
  app.openapi(route, async c => {
    const id = c.req.valid('param').agent
    const { reason } = c.req.valid('json')
    let agent = await known(id)
    for (let attempt = 1; agent.state === 'active'; attempt++) {
      await revoke(agent, c.var.actor, reason ?? null).catch(error => {
        if (!isRefused(error) || attempt >= 5) throw error // the agent was there at the same moment: look again
      })
      agent = await known(id)
    }
    await freeLanes(catalogue, agent, 'its agent was revoked', clock())
    return c.json(await agentView(agent), 200)
  })

  async function known(id: AgentId): Promise<Agent> {
    const agent = await findAgent(catalogue, id)
    if (!agent) throw new ProblemError('not-found', `there is no agent ${id}`)
    return agent
  }

  function revoke({ agent, tenant, name }: Agent, actor: string, reason: string | null): Promise<void> {
    const at = clock().toISOString()
    const notice = newNotice(
      {
        at,
        receiver: env.RECEIVER_ID,
        tenant,
        kind: 'agent-revoked',
        severity: 'info',
        subject: { type: 'agent', id: agent, name },
        text: `${name} (${agent}) was revoked${reason === null ? '' : `: ${reason}`}. It backs up nothing any more.`,
        detail: { actor, reason },
      },
      'event',
    )
    return transact(catalogue, [
      { update: revocation(agent, at) },
      { put: auditCreation(tenant, { at, actor, action: 'agent-revoked', target: agent, detail: { name, reason } }) },
      noticeStep(notice),
    ])
  }
}
