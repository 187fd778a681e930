import type { HonoRequest } from 'hono'
import { createMiddleware } from 'hono/factory'
import { AgentId } from '../../shared/ids.ts'
import type { PublicKey } from '../../shared/jws.ts'
import { ProblemError } from '../../shared/problem.ts'
import { checkProof, claimedAgent, proofScheme, type SignedRequest } from '../../shared/proof.ts'
import { type Agent, findAgent, noteContact } from '../catalogue/agents.ts'
import { claimNonce } from '../catalogue/nonces.ts'
import { countRequest } from '../catalogue/rates.ts'
import { findTenant, type Tenant } from '../catalogue/tenants.ts'
import { newSecret, type Ports } from './ports.ts'

export interface AgentEnv {
  Variables: { agent: Agent; tenant: Tenant }
}

/** Lets a request through that an active agent of an active tenant signed, once. Sets `agent` and `tenant`. */
export function agentOnly(ports: Ports) {
  return createMiddleware<AgentEnv>(async (c, next) => {
    const { agent, tenant } = await provenAgent(ports, c.req)
    c.set('agent', agent)
    c.set('tenant', tenant)
    await next()
  })
}

/** @throws ProblemError `proof-invalid`, `proof-replayed`, `clock-skew`, `throttled`, `agent-revoked` or `tenant-suspended` */
export async function provenAgent(ports: Ports, request: HonoRequest): Promise<{ agent: Agent; tenant: Tenant }> {
  const proof = proofIn(request)
  const id = AgentId.safeParse(claimedAgent(proof))
  const agent = id.success ? await findAgent(ports.catalogue, id.data) : undefined
  if (!agent) throw new ProblemError('proof-invalid')
  await claimProof(ports, request, proof, agent.publicKey, agent.agent)
  await requireRate(ports, agent)
  // also while its tenant is suspended: what it has open waits for it
  if (agent.state === 'active') await noteContact(ports.catalogue, agent, ports.clock())
  const tenant = await activeTenant(ports, agent)
  return { agent, tenant }
}

/** Counted once the proof is verified: nobody else can use an agent's rate up. @throws ProblemError `throttled` */
async function requireRate({ catalogue, clock, env }: Ports, { agent }: Agent): Promise<void> {
  const limit = env.REQUESTS_PER_MINUTE
  throwThrottled(await countRequest(catalogue, agent, limit, clock()), `an agent may make ${limit} requests a minute`)
}

export function throwThrottled(retryAfterSeconds: number, why: string): void {
  if (retryAfterSeconds > 0) throw new ProblemError('throttled', why, { extra: { retryAfterSeconds } })
}

/** @throws ProblemError `agent-revoked` or `tenant-suspended` */
export async function activeTenant({ catalogue }: Ports, agent: Agent): Promise<Tenant> {
  if (agent.state !== 'active')
    throw new ProblemError('agent-revoked', agent.replacedBy && `agent ${agent.replacedBy} took its place`, {
      fix: 'Ask your provider for a new enrolment token',
    })
  const tenant = await findTenant(catalogue, agent.tenant)
  if (tenant?.state !== 'active') throw new ProblemError('tenant-suspended', undefined, { fix: 'Ask your provider' })
  return tenant
}

/** The proof of a request. @throws ProblemError `proof-invalid` when there is none */
export function proofIn(request: HonoRequest): string {
  const header = request.header('authorization')
  if (!header?.startsWith(proofScheme)) throw new ProblemError('proof-invalid', 'it carries no proof')
  return header.slice(proofScheme.length)
}

/** Checks a proof and uses it up: the same one is refused from here on. */
export async function claimProof(
  ports: Ports,
  request: HonoRequest,
  proof: string,
  key: PublicKey,
  signer: string,
): Promise<void> {
  const { catalogue, clock, env } = ports
  const { nonce, expires } = await checkProof(proof, await signedRequest(request), key, env.RECEIVER_ID, clock())
  if (!(await claimNonce(catalogue, signer, nonce, newSecret(ports), expires, clock())))
    throw new ProblemError('proof-replayed')
}

async function signedRequest(request: HonoRequest): Promise<SignedRequest> {
  const { pathname, search } = new URL(request.url)
  return { method: request.method, target: pathname + search, body: new Uint8Array(await request.arrayBuffer()) }
}
