import { z } from 'zod'
import { Label, TenantId } from '../../shared/ids.ts'
import { tenantEntryKey, tenantKey } from './keys.ts'
import { absent, collect, prefixed, query, read, type Step, type Table } from './table.ts'

export const Tenant = z.object({
  tenant: TenantId,
  name: Label,
  createdAt: z.iso.datetime(),
  state: z.enum(['active', 'suspended']),
  /** Days that every version stays locked after it was received. */
  minimumDays: z.number().int().min(1),
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
