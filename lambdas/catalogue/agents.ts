import { z } from 'zod'
import { AgentId, Label, TenantId } from '../../shared/ids.ts'
import { PublicKey } from '../../shared/jws.ts'
import { agentKey } from './keys.ts'
import { absent, type Creation, collect, isRefused, prefixed, query, read, type Table, update } from './table.ts'

export const Agent = z.object({
  agent: AgentId,
  tenant: TenantId,
  name: Label,
  state: z.enum(['active', 'revoked']),
  publicKey: PublicKey,
  certificate: z.string().nullable(),
  customerKey: PublicKey.nullable(),
  recipients: z.array(z.string()),
  platform: z.string(),
  uploader: z.string(),
  enrolledAt: z.iso.datetime(),
  lastSeen: z.iso.datetime(),
  /**
   * The key's line of descent, oldest first: each new key's `failsafe.succession/1`, signed by the key before it. Empty for the key it
   * enrolled with.
   */
  succession: z.array(z.string()).default([]),
  /** Agents whose sources and snapshots are this one's now: hosts that it replaces, and those they replaced. */
  predecessors: z.array(AgentId).default([]),
  revokedAt: z.iso.datetime().optional(),
  replacedBy: AgentId.optional(),
})
export type Agent = z.infer<typeof Agent>

/** Whether what `owner` made is this agent's: its own, or that of a host it replaced. */
export function speaksFor(agent: Pick<Agent, 'agent' | 'predecessors'>, owner: AgentId): boolean {
  return owner === agent.agent || agent.predecessors.includes(owner)
}

export function agentCreation(agent: Agent): Creation {
  return { key: agentKey(agent.agent), item: agent, condition: absent }
}

export function findAgent(table: Table, agent: AgentId): Promise<Agent | undefined> {
  return read(table, Agent, agentKey(agent))
}

export function listAgents(table: Table, tenant: TenantId): Promise<Agent[]> {
  return collect(query(table, Agent, prefixed(`T#${tenant}`, 'A#')))
}

/** Contact is noted at most once a minute, so that a busy agent does not make one write per request. */
export async function noteContact(table: Table, agent: Agent, now: Date): Promise<void> {
  if (now.getTime() - Date.parse(agent.lastSeen) < 60_000) return
  await update(table, {
    key: agentKey(agent.agent),
    update: 'SET #lastSeen = :now',
    condition: '#lastSeen < :now',
    values: { ':now': now.toISOString() },
  }).catch(error => {
    if (!isRefused(error)) throw error // another request was first
  })
}
