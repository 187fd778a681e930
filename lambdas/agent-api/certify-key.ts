import { createRoute } from '@hono/zod-openapi'
import { CertificateRequest, CertificateResponse } from '../../shared/api/agent.ts'
import { fingerprintOf } from '../../shared/jws.ts'
import { ProblemError } from '../../shared/problem.ts'
import { certification } from '../catalogue/agents.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { isRefused, transact } from '../catalogue/table.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import type { AgentApp } from './app.ts'
import { requireCertified, requireSameCustomer } from './customer-key.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'put',
  path: '/v1/agent/certificate',
  summary: "The customer key's word for the key that this agent has now",
  request: jsonBody(CertificateRequest),
  responses: { 200: jsonAnswer('It goes with every snapshot from here on', CertificateResponse), default: refusal },
})

/** The first customer key is recorded; a different one later is refused. Idempotent. */
export function certifyKey(app: AgentApp, ports: AgentApiPorts): void {
  app.openapi(route, async c => {
    const { agent } = c.var
    const { certificate, customerKey } = c.req.valid('json')
    const fingerprint = await fingerprintOf(agent.publicKey)
    await requireCertified(agent.publicKey, certificate, customerKey)
    await requireSameCustomer(ports, agent, customerKey)
    if (certificate === agent.certificate) return c.json({ agent: agent.agent, fingerprint }, 200)
    const audit = auditCreation(agent.tenant, {
      at: ports.clock().toISOString(),
      actor: `agent:${agent.agent}`,
      action: 'agent-certified',
      target: agent.agent,
      detail: { fingerprint, customer: await fingerprintOf(customerKey), first: agent.customerKey === null },
    })
    try {
      await transact(ports.catalogue, [{ update: certification(agent, certificate, customerKey) }, { put: audit }])
    } catch (error) {
      if (!isRefused(error)) throw error
      throw new ProblemError('throttled', 'the agent was changed by another request', { cause: error })
    }
    return c.json({ agent: agent.agent, fingerprint }, 200)
  })
}
