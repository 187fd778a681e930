import type { z } from 'zod'
import type { AdminAgent } from '../../shared/api/admin.ts'
import { isCertified } from '../../shared/certificate.ts'
import { fingerprintOf } from '../../shared/jws.ts'
import type { Agent } from '../catalogue/agents.ts'

/** An agent as the provider sees it. */
export async function agentView(agent: Agent): Promise<z.output<typeof AdminAgent>> {
  const { certificate, customerKey, publicKey, succession } = agent
  return {
    agent: agent.agent,
    tenant: agent.tenant,
    name: agent.name,
    state: agent.state,
    fingerprint: await fingerprintOf(publicKey),
    customerFingerprint: customerKey && (await fingerprintOf(customerKey)),
    certified: certificate !== null && customerKey !== null && (await isCertified(certificate, publicKey, customerKey)),
    rotations: succession.length,
    recipients: agent.recipients,
    platform: agent.platform,
    uploader: agent.uploader,
    enrolledAt: agent.enrolledAt,
    lastSeen: agent.lastSeen,
    revokedAt: agent.revokedAt ?? null,
    replacedBy: agent.replacedBy ?? null,
    predecessors: agent.predecessors,
  }
}
