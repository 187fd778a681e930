import { createRoute } from '@hono/zod-openapi'
import type { z } from 'zod'
import { EnrolRequest, EnrolResponse } from '../../shared/api/agent.ts'
import { newUlid, tenantOf } from '../../shared/ids.ts'
import { fingerprintOf } from '../../shared/jws.ts'
import { ProblemError } from '../../shared/problem.ts'
import { claimedAgent } from '../../shared/proof.ts'
import { type Agent, agentCreation, findAgent } from '../catalogue/agents.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { type EnrolToken, enrolTokenUse, findEnrolToken } from '../catalogue/enrol-tokens.ts'
import { freeLanes } from '../catalogue/free-lanes.ts'
import { countWrongToken } from '../catalogue/rates.ts'
import { isRefused, transact } from '../catalogue/table.ts'
import { activeTenant, claimProof, proofIn, throwThrottled } from '../http/agent-proof.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import type { AgentApp } from './app.ts'
import { requireCertified } from './customer-key.ts'
import type { AgentApiPorts } from './ports.ts'
import { replacementSteps } from './replace-agent.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/enrolments',
  summary: 'Token and public key → agent. The proof is signed with the new key',
  request: jsonBody(EnrolRequest),
  responses: { 200: jsonAnswer('The new agent', EnrolResponse), default: refusal },
})

/** Of the whole receiver. Nobody guesses 256 bits: this bounds what strangers can cost. A right token is never held up by it. */
const wrongTokensPerMinute = 300

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
    if (request.certificate !== undefined)
      await requireCertified(request.publicKey, request.certificate, request.customerKey)

    const agent = await enrolled(request, fingerprint)
    await activeTenant(ports, agent)
    await freePredecessor(agent)
    return c.json({ agent: agent.agent, tenant: agent.tenant, receiver: env.RECEIVER_ID, name: agent.name }, 200)
  })

  async function enrolled(request: z.output<typeof EnrolRequest>, fingerprint: string): Promise<Agent> {
    const secret = secretOf(request.token)
    for (let attempt = 1; ; attempt++) {
      const token = secret === undefined ? undefined : await findEnrolToken(catalogue, secret)
      const now = clock()
      if (secret === undefined || !token) throw await wrongToken()
      if (token.used) {
        const agent = token.used.fingerprint === fingerprint ? await findAgent(catalogue, token.used.agent) : undefined
        if (!agent) throw await wrongToken()
        return agent
      }
      if (Date.parse(token.expiresAt) <= now.getTime()) throw await wrongToken()
      const old = await replacedBy(token)
      const agent = newAgent(request, `${token.tenant}.${newUlid(now.getTime())}`, old, now)
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
          ...(old ? await replacementSteps(ports, agent, old) : []),
        ])
        return agent
      } catch (error) {
        if (!isRefused(error) || attempt >= 5) throw error // used, expired or replaced meanwhile: look again
      }
    }
  }

  /** The agent whose place the token gives away. @throws ProblemError `token-invalid` when another host has it by now */
  async function replacedBy({ replaces }: EnrolToken): Promise<Agent | undefined> {
    if (replaces === undefined) return undefined
    const old = await findAgent(catalogue, replaces)
    if (old && old.replacedBy === undefined) return old
    throw new ProblemError('token-invalid', `agent ${replaces} was replaced by ${old?.replacedBy} already`, {
      fix: 'Ask your provider for a new one',
    })
  }

  /** Done again when the same key asks again: whoever died before it left the old host's leases. */
  async function freePredecessor({ predecessors: [last], agent }: Agent): Promise<void> {
    const old = last && (await findAgent(catalogue, last))
    if (old) await freeLanes(catalogue, old, `agent ${agent} took the place of its agent`, clock())
  }

  /** Undefined for a token of another receiver. */
  function secretOf(token: string): string | undefined {
    const dot = token.lastIndexOf('.')
    return token.slice(0, dot) === env.RECEIVER_ID ? token.slice(dot + 1) : undefined
  }

  async function wrongToken(): Promise<ProblemError> {
    throwThrottled(await countWrongToken(catalogue, wrongTokensPerMinute, clock()), 'too many tokens were wrong')
    return new ProblemError('token-invalid', undefined, { fix: 'Ask your provider for a new one' })
  }
}

function newAgent(request: z.output<typeof EnrolRequest>, id: string, old: Agent | undefined, now: Date): Agent {
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
    predecessors: old ? [old.agent, ...old.predecessors] : [],
  }
}
