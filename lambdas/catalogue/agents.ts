import { z } from 'zod'
import { AgentId, Label, TenantId } from '../../shared/ids.ts'
import { PublicKey } from '../../shared/jws.ts'
import { inQueue } from './by-time.ts'
import { agentKey } from './keys.ts'
import {
  absent,
  type Change,
  type Creation,
  collect,
  isRefused,
  prefixed,
  present,
  query,
  read,
  type Table,
  update,
} from './table.ts'

/*
 *             rotate-key: publicKey, succession
 *                ┌──┐
 *   enrol ──▶ active ──revoke──▶ revoked ──enrol with --replaces──▶ revoked, replacedBy
 *                └──────────enrol with --replaces──────────────────────▲   (for good: each is replaced once)
 *
 * Nothing of a replaced agent is moved: its successor names it in `predecessors`, and speaks for it.
 */

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
  /** The watchdog has found it silent: its next call is told. */
  silent: z.boolean().optional(),
})
export type Agent = z.infer<typeof Agent>

/** Whether what `owner` made is this agent's: its own, or that of a host it replaced. */
export function speaksFor(agent: Pick<Agent, 'agent' | 'predecessors'>, owner: AgentId): boolean {
  return owner === agent.agent || agent.predecessors.includes(owner)
}

export function agentCreation(agent: Agent): Creation {
  return { key: agentKey(agent.agent), item: { ...agent, ...waitsToBeSeen(agent) }, condition: absent }
}

/** The watchdog looks a day later whether it has called since. */
export function waitsToBeSeen({ agent, lastSeen }: Pick<Agent, 'agent' | 'lastSeen'>) {
  return inQueue('SEEN', agent, new Date(Date.parse(lastSeen) + 86_400_000))
}

export function findAgent(table: Table, agent: AgentId): Promise<Agent | undefined> {
  return read(table, Agent, agentKey(agent))
}

export function listAgents(table: Table, tenant: TenantId): Promise<Agent[]> {
  return collect(query(table, Agent, prefixed(`T#${tenant}`, 'A#')))
}

/** A page of a tenant's agents, in order of enrolment, after `after`. */
export async function agentsAfter(table: Table, tenant: TenantId, after: AgentId | undefined, limit: number) {
  const range = prefixed(`T#${tenant}`, 'A#')
  const page: Agent[] = []
  const from = after === undefined ? range.from : agentKey(after).SK
  for await (const agent of query(table, Agent, { ...range, from })) {
    if (agent.agent === after) continue
    if (page.length === limit) return { agents: page, next: page.at(-1)!.agent }
    page.push(agent)
  }
  return { agents: page, next: null }
}

const active = '#state = :active'
/** The key is still the one that the change was decided on. */
const keyUnchanged = '#publicKey.#x = :seenKey'
/** And so is the customer key on record. */
const customerUnchanged = (known: PublicKey | null) =>
  known ? '#customerKey.#x = :seenCustomer' : '#customerKey = :seenCustomer'

/** Steps of the transactions that do what they say and record it. Each is refused (see `isRefused`) when the agent has changed meanwhile. */
export function keyRotation(
  { agent, publicKey, succession, certificate, customerKey }: Agent,
  next: Pick<Agent, 'publicKey' | 'certificate' | 'customerKey'> & { link: string },
): Change {
  return {
    key: agentKey(agent),
    update:
      'SET #publicKey = :publicKey, #succession = :succession, #certificate = :certificate, #customerKey = :customerKey',
    condition: `${active} AND ${keyUnchanged} AND ${customerUnchanged(customerKey)} AND #certificate = :seenCertificate`,
    values: {
      ':active': 'active',
      ':seenKey': publicKey.x,
      ':seenCustomer': customerKey?.x ?? null,
      ':seenCertificate': certificate,
      ':publicKey': next.publicKey,
      ':succession': [...succession, next.link],
      ':certificate': next.certificate,
      ':customerKey': next.customerKey,
    },
  }
}

export function certification(agent: Agent, certificate: string, customerKey: PublicKey): Change {
  return {
    key: agentKey(agent.agent),
    update: 'SET #certificate = :certificate, #customerKey = :customerKey',
    condition: `${active} AND ${keyUnchanged} AND ${customerUnchanged(agent.customerKey)}`,
    values: {
      ':active': 'active',
      ':seenKey': agent.publicKey.x,
      ':certificate': certificate,
      ':customerKey': customerKey,
      ':seenCustomer': agent.customerKey?.x ?? null,
    },
  }
}

/** It leaves the queue of those that are missed when they are silent. */
export function revocation(agent: AgentId, at: string): Change {
  return {
    key: agentKey(agent),
    update: 'SET #state = :revoked, #revokedAt = :at REMOVE #gpk, #gsk',
    condition: active,
    values: { ':active': 'active', ':revoked': 'revoked', ':at': at },
  }
}

/** Also of one that is revoked already: a host that is lost. */
export function replacement(agent: AgentId, by: AgentId, at: string): Change {
  return {
    key: agentKey(agent),
    update: 'SET #state = :revoked, #revokedAt = if_not_exists(#revokedAt, :at), #replacedBy = :by REMOVE #gpk, #gsk',
    condition: `${present} AND attribute_not_exists(#replacedBy)`,
    values: { ':revoked': 'revoked', ':at': at, ':by': by },
  }
}

/** Contact is noted at most once a minute, so that a busy agent does not make one write per request. */
export async function noteContact(table: Table, agent: Agent, now: Date): Promise<void> {
  if (now.getTime() - Date.parse(agent.lastSeen) < 60_000) return
  const { gpk, gsk } = inQueue('SEEN', agent.agent, now)
  await update(table, {
    key: agentKey(agent.agent),
    update: agent.silent ? 'SET #lastSeen = :now, #gpk = :gpk, #gsk = :gsk' : 'SET #lastSeen = :now',
    condition: `#lastSeen < :now AND ${active}`, // one that was revoked meanwhile stays out of the queue
    values: { ':now': now.toISOString(), ':active': 'active', ...(agent.silent && { ':gpk': gpk, ':gsk': gsk }) },
  }).catch(error => {
    if (!isRefused(error)) throw error // another request was first
  })
}
