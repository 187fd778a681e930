import { z } from 'zod'
import { AgentId, Label, SnapshotId, SourceId, TenantId } from '../../shared/ids.ts'
import { Retention } from '../../shared/retention.ts'
import { EngineKind, SnapshotKind } from '../../shared/snapshot.ts'
import { HeldSchedule } from '../expectations/plan.ts'
import type { Agent } from './agents.ts'
import { inQueue } from './by-time.ts'
import { keepCreation } from './keep.ts'
import { sourceKey, sourceNameKey } from './keys.ts'
import { absent, collect, prefixed, query, read, type Table, transact } from './table.ts'

export const Source = z.object({
  source: SourceId,
  tenant: TenantId,
  agent: AgentId,
  name: Label,
  engine: EngineKind,
  schedule: z.record(z.string(), z.string()).optional(),
  timeZone: z.string().optional(),
  jitterSeconds: z.number().int().min(0).optional(),
  /** Since when the schedule is as it is. */
  scheduledAt: z.iso.datetime().optional(),
  /** Schedules that the host has weakened and that hold a little longer. */
  held: z.partialRecord(SnapshotKind, HeldSchedule).optional(),
  /** The watchdog has found something that a snapshot or a run could mend. */
  flagged: z.boolean().optional(),
  createdAt: z.iso.datetime(),
  lastSnapshot: SnapshotId.optional(),
  lastReceivedAt: z.iso.datetime().optional(),
  /** The provider's own word for this source; the tenant's without it. */
  retention: Retention.optional(),
  expectEveryHours: z.number().int().min(1).nullable().optional(),
})
export type Source = z.infer<typeof Source>

const SourceName = z.object({ source: SourceId })

export function findSource(table: Table, tenant: TenantId, source: SourceId): Promise<Source | undefined> {
  return read(table, Source, sourceKey(tenant, source))
}

/** An agent's own source of that name, else that of the newest host it replaces which had one. */
export async function findSourceByName(
  table: Table,
  agent: Pick<Agent, 'agent' | 'tenant' | 'predecessors'>,
  name: string,
): Promise<Source | undefined> {
  for (const owner of [agent.agent, ...agent.predecessors]) {
    const entry = await read(table, SourceName, sourceNameKey(owner, name))
    if (entry) return findSource(table, agent.tenant, entry.source)
  }
  return undefined
}

export function listSources(table: Table, tenant: TenantId): Promise<Source[]> {
  return collect(query(table, Source, prefixed(`T#${tenant}`, 'S#')))
}

/** Whether an agent has registered at least so many. */
export async function hasSources(table: Table, agent: AgentId, count: number): Promise<boolean> {
  const { PK, SK } = sourceNameKey(agent, '')
  let found = 0
  for await (const _name of query(table, SourceName, prefixed(PK, SK))) if (++found >= count) return true
  return false
}

/** The watchdog looks at it in its next pass, the janitor within a day. Refused (see `isRefused`) when the agent has a source of that name already, made by a request at the same time. */
export function createSource(table: Table, source: Source): Promise<void> {
  return transact(table, [
    {
      put: {
        key: sourceNameKey(source.agent, source.name),
        item: { source: source.source, name: source.name },
        condition: absent,
      },
    },
    {
      put: {
        key: sourceKey(source.tenant, source.source),
        item: { ...source, ...inQueue('DUE', source.source, source.createdAt) },
        condition: absent,
      },
    },
    { put: keepCreation(source, new Date(source.createdAt)) },
  ])
}
