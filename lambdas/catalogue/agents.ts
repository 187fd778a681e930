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
})
export type Agent = z.infer<typeof Agent>

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
