import { isCertified } from '../../shared/certificate.ts'
import { fingerprintOf, type PublicKey } from '../../shared/jws.ts'
import { ProblemError } from '../../shared/problem.ts'
import { isSameKey } from '../../shared/succession.ts'
import type { Agent } from '../catalogue/agents.ts'
import { recordAudit } from '../catalogue/audit.ts'
import type { AgentApiPorts } from './ports.ts'

/** @throws ProblemError `invalid-request`: it is not the customer key's word for this agent key */
export async function requireCertified(
  agentKey: PublicKey,
  certificate: string,
  customerKey: PublicKey | undefined,
): Promise<void> {
  if (customerKey === undefined || !(await isCertified(certificate, agentKey, customerKey)))
    throw new ProblemError('invalid-request', "certificate: it is not the customer key's word for this agent's key")
}

/**
 * The customer key is recorded once. Whoever took over the host has the agent's key, and must not get a customer key of their own believed.
 * @throws ProblemError `customer-key-differs`, which is in the audit then
 */
export async function requireSameCustomer(
  { catalogue, clock }: AgentApiPorts,
  { agent, tenant, customerKey: known }: Agent,
  given: PublicKey,
): Promise<void> {
  if (known === null || isSameKey(known, given)) return
  const fingerprints = { recorded: await fingerprintOf(known), given: await fingerprintOf(given) }
  await recordAudit(catalogue, tenant, {
    at: clock().toISOString(),
    actor: `agent:${agent}`,
    action: 'certificate-refused',
    target: agent,
    detail: fingerprints,
  })
  throw new ProblemError('customer-key-differs', `its fingerprint is ${fingerprints.recorded}`, {
    fix: 'Use the recovery kit of that key. For a new kit, ask your provider for an enrolment token that replaces this agent',
  })
}
