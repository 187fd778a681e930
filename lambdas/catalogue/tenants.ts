import { z } from 'zod'
import { Label, TenantId } from '../../shared/ids.ts'
import { noKeepRules, Retention } from '../../shared/retention.ts'
import { tenantEntryKey, tenantKey } from './keys.ts'
import { absent, collect, prefixed, query, read, type Step, type Table } from './table.ts'

export const Tenant = z.object({
  tenant: TenantId,
  name: Label,
  createdAt: z.iso.datetime(),
  state: z.enum(['active', 'suspended']),
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

const Entry = z.object({ tenant: TenantId })

/** Steps of the transaction that makes a tenant: itself, and its entry in the list of all. */
export function tenantCreation(tenant: Tenant): Step[] {
  return [
    { put: { key: tenantKey(tenant.tenant), item: tenant, condition: absent } },
    { put: { key: tenantEntryKey(tenant.tenant), item: { tenant: tenant.tenant } } },
  ]
}

export function findTenant(table: Table, tenant: TenantId): Promise<Tenant | undefined> {
  return read(table, Tenant, tenantKey(tenant))
}

export async function listTenants(table: Table): Promise<Tenant[]> {
  const tenants: Tenant[] = []
  for (const { tenant } of await collect(query(table, Entry, prefixed('TENANTS', 'T#')))) {
    const found = await findTenant(table, tenant)
    if (found) tenants.push(found)
  }
  return tenants
}
