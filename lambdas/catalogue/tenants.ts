import { z } from 'zod'
import { Label, TenantId } from '../../shared/ids.ts'
import { noKeepRules, Retention } from '../../shared/retention.ts'
import { inQueue } from './by-time.ts'
import { tenantEntryKey, tenantKey } from './keys.ts'
import { absent, type Change, prefixed, present, query, read, readMany, type Step, type Table } from './table.ts'

export const Tenant = z.object({
  tenant: TenantId,
  name: Label,
  createdAt: z.iso.datetime(),
  state: z.enum(['active', 'suspended']),
  /** Since when and why; null while it is active. */
  suspended: z.object({ at: z.iso.datetime(), reason: z.string().nullable() }).nullable().default(null),
  /** Days that every version stays locked after it was received. */
  minimumDays: Retention.shape.minimumDays,
  /** What is kept beyond that. */
  keep: Retention.shape.keep.default(noKeepRules),
  /** Stored bytes: above `softBytes` the provider is told, at `hardBytes` uploads are refused. */
  quota: z
    .object({ softBytes: z.number().int().min(0).nullable(), hardBytes: z.number().int().min(0).nullable() })
    .default({ softBytes: null, hardBytes: null }),
  /** What each agent may fetch a day with its own key; null: the receiver's default. */
  dailyDownloadBytes: z.number().int().min(0).nullable().default(null),
  /** The least that the provider expects of every source, whatever its host says: a snapshot at least every so many hours. */
  expectEveryHours: z.number().int().min(1).nullable().default(null),
})
export type Tenant = z.infer<typeof Tenant>

/** Daily summaries are of the day that ends at this hour, UTC. */
const summaryHour = 6

export function nextSummary(after: Date): Date {
  const next = new Date(after)
  next.setUTCHours(summaryHour, 0, 0, 0)
  if (next <= after) next.setUTCDate(next.getUTCDate() + 1)
  return next
}

function firstSummary({ tenant, createdAt }: Tenant) {
  return inQueue('DAY', tenant, nextSummary(new Date(createdAt)))
}

const Entry = z.object({ tenant: TenantId })

/** Steps of the transaction that makes a tenant: itself, and its entry in the list of all. */
export function tenantCreation(tenant: Tenant): Step[] {
  return [
    { put: { key: tenantKey(tenant.tenant), item: { ...tenant, ...firstSummary(tenant) }, condition: absent } },
    { put: { key: tenantEntryKey(tenant.tenant), item: { tenant: tenant.tenant } } },
  ]
}

export function findTenant(table: Table, tenant: TenantId): Promise<Tenant | undefined> {
  return read(table, Tenant, tenantKey(tenant))
}

/**
 * A step of the transaction that records it. Refused (see `isRefused`) where the tenant is in that state already.
 * @param suspended null to resume
 */
export function suspension(tenant: TenantId, suspended: Tenant['suspended']): Change {
  return {
    key: tenantKey(tenant),
    update: 'SET #state = :to, #suspended = :suspended',
    condition: '#state = :from',
    values: suspended
      ? { ':from': 'active', ':to': 'suspended', ':suspended': suspended }
      : { ':from': 'suspended', ':to': 'active', ':suspended': null },
  }
}

/** In order, lazily. @param after only those behind this one */
export async function* tenantsAfter(table: Table, after?: TenantId): AsyncGenerator<Tenant> {
  let ids: TenantId[] = []
  for await (const id of tenantIds(table, after)) {
    if (id === after || ids.push(id) < readTogether) continue
    yield* await tenantsOf(table, ids)
    ids = []
  }
  yield* await tenantsOf(table, ids)
}

const readTogether = 100

async function tenantsOf(table: Table, ids: TenantId[]): Promise<Tenant[]> {
  const found = new Map((await readMany(table, Tenant, ids.map(tenantKey))).map(each => [each.tenant, each]))
  return ids.flatMap(id => found.get(id) ?? [])
}

/** In order, lazily. @param from the first one that is wanted */
export async function* tenantIds(table: Table, from?: TenantId): AsyncGenerator<TenantId> {
  const all = prefixed('TENANTS', 'T#')
  const range = { ...all, from: from === undefined ? all.from : tenantEntryKey(from).SK }
  for await (const { tenant } of query(table, Entry, range)) yield tenant
}

/** A step of the transaction that records it. Refused (see `isRefused`) where there is no such tenant. */
export function expectationChange(tenant: TenantId, everyHours: number | null): Change {
  return {
    key: tenantKey(tenant),
    update: 'SET #expectEveryHours = :everyHours',
    condition: present,
    values: { ':everyHours': everyHours },
  }
}

export function quotaChange(
  tenant: TenantId,
  quota: Tenant['quota'],
  dailyDownloadBytes: Tenant['dailyDownloadBytes'],
): Change {
  return {
    key: tenantKey(tenant),
    update: 'SET #quota = :quota, #dailyDownloadBytes = :dailyDownloadBytes',
    condition: present,
    values: { ':quota': quota, ':dailyDownloadBytes': dailyDownloadBytes },
  }
}
