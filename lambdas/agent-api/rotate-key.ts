import { createRoute } from '@hono/zod-openapi'
import type { z } from 'zod'
import { RotateRequest, RotateResponse } from '../../shared/api/agent.ts'
import { fingerprintOf, type PublicKey } from '../../shared/jws.ts'
import { ProblemError } from '../../shared/problem.ts'
import { isHandover, isSameKey, keysOf } from '../../shared/succession.ts'
import { type Agent, keyRotation } from '../catalogue/agents.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { newNotice, noticeStep } from '../catalogue/notices.ts'
import { isRefused, transact } from '../catalogue/table.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import type { AgentApp } from './app.ts'
import { requireCertified, requireSameCustomer } from './customer-key.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/agent/key',
  summary: 'A new key in the place of the one that signs this request, which is refused from here on',
  request: jsonBody(RotateRequest),
  responses: { 200: jsonAnswer('The key that counts now', RotateResponse), default: refusal },
})

/** The line goes with every snapshot and is read with every request: it must stay short. */
const longestLine = 100

/**
 * Of two at once one wins; the other's proof is not valid any more. Asked again with the new key's proof it answers as before, because the
 * first answer may have been lost.
 */
export function rotateKey(app: AgentApp, ports: AgentApiPorts): void {
  const { catalogue, clock, env } = ports
  app.openapi(route, async c => {
    const { agent } = c.var
    const request = c.req.valid('json')
    const fingerprint = await fingerprintOf(request.publicKey)
    if (isSameKey(agent.publicKey, request.publicKey) && agent.succession.at(-1) === request.succession)
      return c.json({ agent: agent.agent, fingerprint }, 200)

    await requireNewKey(agent, request)
    if (request.certification) {
      const { certificate, customerKey } = request.certification
      await requireCertified(request.publicKey, certificate, customerKey)
      await requireSameCustomer(ports, agent, customerKey)
    }
    await rotate(agent, request, fingerprint)
    return c.json({ agent: agent.agent, fingerprint }, 200)
  })

  async function requireNewKey(agent: Agent, request: z.output<typeof RotateRequest>): Promise<void> {
    const next = { agent: agent.agent, oldKey: agent.publicKey, newKey: request.publicKey }
    if (!(await isHandover(request, next)))
      throw new ProblemError('invalid-request', 'succession: the old key and the new one do not say the same')
    const used: PublicKey[] = [agent.publicKey, ...(await keysOf(agent.succession, agent.agent))]
    if (used.some(key => isSameKey(key, request.publicKey)))
      throw new ProblemError('invalid-request', 'publicKey: this agent had that key before')
    if (agent.succession.length >= longestLine)
      throw new ProblemError('invalid-request', `the key of this agent was changed ${longestLine} times`, {
        fix: 'Ask your provider for an enrolment token that replaces this agent',
      })
  }

  async function rotate(agent: Agent, request: z.output<typeof RotateRequest>, fingerprint: string): Promise<void> {
    const { publicKey, succession: link, certification } = request
    const at = clock().toISOString()
    const before = await fingerprintOf(agent.publicKey)
    const notice = newNotice(
      {
        at,
        receiver: env.RECEIVER_ID,
        tenant: agent.tenant,
        kind: 'key-rotated',
        severity: 'info',
        subject: { type: 'agent', id: agent.agent, name: agent.name },
        text: `${agent.name} signs with a new key, ${fingerprint}. If nobody changed it on that server, revoke the agent.`,
        detail: { before, after: fingerprint },
      },
      'event',
    )
    try {
      await transact(catalogue, [
        {
          update: keyRotation(agent, {
            publicKey,
            link,
            // A certificate of an older key goes on counting: the new one descends from it.
            certificate: certification?.certificate ?? agent.certificate,
            customerKey: agent.customerKey ?? certification?.customerKey ?? null,
          }),
        },
        {
          put: auditCreation(agent.tenant, {
            at,
            actor: `agent:${agent.agent}`,
            action: 'key-rotated',
            target: agent.agent,
            detail: { before, after: fingerprint, certified: certification !== undefined },
          }),
        },
        noticeStep(notice),
      ])
    } catch (error) {
      if (!isRefused(error)) throw error
      throw new ProblemError('throttled', 'the agent was changed by another request', { cause: error })
    }
  }
}
