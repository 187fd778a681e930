import { decodeTime } from 'ulid'
import { z } from 'zod'
import { ulidOf } from '../../shared/ids.ts'
import { Agent, waitsToBeSeen } from '../catalogue/agents.ts'
import { agentKey } from '../catalogue/keys.ts'
import { findSource } from '../catalogue/sources.ts'
import { isRefused, read, update } from '../catalogue/table.ts'
import { findTenant } from '../catalogue/tenants.ts'
import type { Proven } from './inspect.ts'
import type { RebuildPorts } from './ports.ts'
import { createTenant, putNew, restoreSource } from './restore-tenant.ts'

/** `rebuiltFrom`: of when the word is that it was made from. While nobody has heard of the agent since, a newer receipt knows better. */
const RebuiltAgent = Agent.extend({ rebuiltFrom: z.iso.datetime().optional() })

/** Makes whom a receipt names and no export did: the tenant and the source. @returns what to tell the provider */
export async function restoreOwners({ catalogue, clock, env }: RebuildPorts, { receipt }: Proven): Promise<string[]> {
  const { tenant, source, sourceName: name, engine, agent, openedAt, retention } = receipt
  const notes: string[] = []
  if (!(await findTenant(catalogue, tenant))) {
    await createTenant(catalogue, {
      tenant,
      name: tenant,
      createdAt: openedAt,
      state: 'active',
      suspended: null,
      minimumDays: retention.minimumDays,
      keep: {
        dailyDays: env.KEEP_DAILY_DAYS,
        weeklyWeeks: env.KEEP_WEEKLY_WEEKS,
        monthlyMonths: env.KEEP_MONTHLY_MONTHS,
        yearlyYears: env.KEEP_YEARLY_YEARS,
      },
      quota: { softBytes: null, hardBytes: null },
      dailyDownloadBytes: null,
      expectEveryHours: null,
    })
    notes.push(
      `Tenant ${tenant} is in no export: it has the defaults of the receiver. Set its retention before the tombstones of seven days end, and its quota.`,
    )
  }
  if (!(await findSource(catalogue, tenant, source))) {
    const createdAt = new Date(decodeTime(source)).toISOString()
    await restoreSource(catalogue, { source, tenant, agent: agent.id, name, engine, createdAt }, clock())
    notes.push(`Source ${source} (${name}) of ${tenant} is in no export: its schedule comes with its agent's next run.`)
  }
  return notes
}

/** Makes an agent of the newest receipt that names it, or brings one up to date that was made of an older word. */
export async function restoreAgent(
  { catalogue }: RebuildPorts,
  newest: Pick<Proven, 'receipt' | 'manifest'>,
): Promise<string[]> {
  const { agent, tenant, receivedAt } = newest.receipt
  const signer = {
    publicKey: agent.key,
    certificate: agent.certificate,
    customerKey: agent.customerKey,
    succession: agent.succession,
    lastSeen: receivedAt,
    rebuiltFrom: receivedAt,
  }
  const known = await read(catalogue, RebuiltAgent, agentKey(agent.id))
  if (!known) {
    const item: z.infer<typeof RebuiltAgent> = {
      agent: agent.id,
      tenant,
      name: agent.name,
      state: 'active',
      recipients: newest.manifest.recipients,
      platform: 'unknown',
      uploader: newest.manifest.uploader,
      enrolledAt: new Date(decodeTime(ulidOf(agent.id))).toISOString(),
      predecessors: [],
      ...signer,
    }
    const isNew = await putNew(catalogue, { key: agentKey(agent.id), item: { ...item, ...waitsToBeSeen(item) } })
    return isNew
      ? [`Agent ${agent.id} (${agent.name}) is in no export: it is active. Revoke it if it was revoked.`]
      : []
  }
  if (known.rebuiltFrom === undefined || known.rebuiltFrom !== known.lastSeen || known.rebuiltFrom >= receivedAt)
    return []
  try {
    await update(catalogue, {
      key: agentKey(agent.id),
      update: `SET ${Object.keys(signer)
        .map(name => `#${name} = :${name}`)
        .join(', ')}`,
      condition: '#lastSeen = :seen',
      values: {
        ':seen': known.lastSeen,
        ...Object.fromEntries(Object.entries(signer).map(([name, value]) => [`:${name}`, value])),
      },
    })
  } catch (error) {
    if (!isRefused(error)) throw error // it has called meanwhile, and is known better
  }
  return []
}
