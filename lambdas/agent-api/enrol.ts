import { createRoute } from '@hono/zod-openapi'
import type { z } from 'zod'
import { EnrolRequest, EnrolResponse } from '../../shared/api/agent.ts'
import { isCertified } from '../../shared/certificate.ts'
import { newUlid, tenantOf } from '../../shared/ids.ts'
import { fingerprintOf } from '../../shared/jws.ts'
import { ProblemError } from '../../shared/problem.ts'
import { claimedAgent } from '../../shared/proof.ts'
import { type Agent, agentCreation, findAgent } from '../catalogue/agents.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { enrolTokenUse, findEnrolToken } from '../catalogue/enrol-tokens.ts'
import { isRefused, transact } from '../catalogue/table.ts'
import { activeTenant, claimProof, proofIn } from '../http/agent-proof.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import type { AgentApp } from './app.ts'
import type { AgentApiPorts } from './ports.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/enrolments',
  summary: 'Token and public key → agent. The proof is signed with the new key',
  request: jsonBody(EnrolRequest),
  responses: { 200: jsonAnswer('The new agent', EnrolResponse), default: refusal },
})

/** A token makes one agent. The same key asking again with it gets the same agent: the first answer may have been lost. */
export function enrol(app: AgentApp, ports: AgentApiPorts): void {
  const { env, catalogue, clock } = ports
  app.openapi(route, async c => {
    const request = c.req.valid('json')
    const fingerprint = await fingerprintOf(request.publicKey)
    const proof = proofIn(c.req)
    if (claimedAgent(proof) !== fingerprint)
      throw new ProblemError('proof-invalid', 'it is not signed with the key that it enrols')
    await claimProof(ports, c.req, proof, request.publicKey, fingerprint)
    await requireCertified(request)

    const agent = await enrolled(request, fingerprint)
    await activeTenant(ports, agent)
    return c.json({ agent: agent.agent, tenant: agent.tenant, receiver: env.RECEIVER_ID, name: agent.name }, 200)
  })

  async function enrolled(request: z.output<typeof EnrolRequest>, fingerprint: string): Promise<Agent> {
    const secret = secretOf(request.token)
    for (let attempt = 1; ; attempt++) {
      const token = await findEnrolToken(catalogue, secret)
      const now = clock()
      if (!token) throw tokenInvalid()
      if (token.used) {
        const agent = token.used.fingerprint === fingerprint ? await findAgent(catalogue, token.used.agent) : undefined
        if (!agent) throw tokenInvalid()
        return agent
      }
      if (Date.parse(token.expiresAt) <= now.getTime()) throw tokenInvalid()
      const agent = newAgent(request, `${token.tenant}.${newUlid(now.getTime())}`, now)
      await activeTenant(ports, agent)
      try {
        await transact(catalogue, [
          { update: enrolTokenUse(secret, { agent: agent.agent, fingerprint }, now) },
          { put: agentCreation(agent) },
          {
            put: auditCreation(agent.tenant, {
              at: agent.enrolledAt,
              actor: `agent:${agent.agent}`,
              action: 'agent-enrolled',
              target: agent.agent,
              detail: { name: agent.name, fingerprint, recipients: agent.recipients },
            }),
          },
        ])
        return agent
      } catch (error) {
        if (!isRefused(error) || attempt >= 3) throw error // used or expired meanwhile: look again
      }
    }
  }

  function secretOf(token: string): string {
    const dot = token.lastIndexOf('.')
    if (token.slice(0, dot) !== env.RECEIVER_ID) throw tokenInvalid()
    return token.slice(dot + 1)
  }
}

function newAgent(request: z.output<typeof EnrolRequest>, id: string, now: Date): Agent {
  return {
    agent: id,
    tenant: tenantOf(id),
    name: request.name,
    state: 'active',
    publicKey: request.publicKey,
    certificate: request.certificate ?? null,
    customerKey: request.customerKey ?? null,
    recipients: request.recipients,
    platform: request.platform,
    uploader: request.uploader,
    enrolledAt: now.toISOString(),
    lastSeen: now.toISOString(),
    succession: [],
    predecessors: [],
  }
}

async function requireCertified({ certificate, customerKey, publicKey }: z.output<typeof EnrolRequest>) {
  if (certificate === undefined || customerKey === undefined) return
  if (!(await isCertified(certificate, publicKey, customerKey)))
    throw new ProblemError('invalid-request', "certificate: it is not the customer key's word for this agent's key")
}

function tokenInvalid(): ProblemError {
  return new ProblemError('token-invalid', undefined, { fix: 'Ask your provider for a new one' })
}
