import type { Agent } from '../catalogue/agents.ts'
import { notify } from '../catalogue/notices.ts'
import type { Proof } from '../catalogue/proofs.ts'
import type { Committed } from '../catalogue/snapshots.ts'
import { findSource } from '../catalogue/sources.ts'
import type { Ports } from '../http/ports.ts'

/** Tells the provider that a verify or a drill has found a snapshot unreadable. */
export async function tellFailedProof(
  { catalogue, env }: Pick<Ports, 'catalogue' | 'env'>,
  agent: Agent,
  { tenant, source, snapshot, kind, receivedAt }: Committed,
  { method, level, detail, recordedAt }: Proof,
): Promise<void> {
  const name = (await findSource(catalogue, tenant, source))?.name ?? source
  const why = detail === undefined ? '' : ` (${detail})`
  await notify(catalogue, {
    at: recordedAt,
    receiver: env.RECEIVER_ID,
    tenant,
    kind: 'proof-failed',
    severity: 'critical',
    subject: { type: 'source', id: source, name },
    text: `A ${method} on ${agent.name} found the ${kind} of ${name} that was received at ${receivedAt} unreadable${why}. Have a full backup run, and do not remove older ones until one has been verified.`,
    detail: { snapshot, method, level, agent: agent.agent },
  })
}
