import { z } from 'zod'
import { Label, TenantId } from '../../shared/ids.ts'
import { tenantKey } from './keys.ts'
import { absent, type Creation, collect, queryByTime, read, type Table } from './table.ts'

export const Tenant = z.object({
  tenant: TenantId,
  name: Label,
  createdAt: z.iso.datetime(),
  state: z.enum(['active', 'suspended']),
  /** Days that every version stays locked after it was received. */
  minimumDays: z.number().int().min(1),
})
export type Tenant = z.infer<typeof Tenant>

const index = 'TENANTS'

export function tenantCreation(tenant: Tenant): Creation {
  return { key: tenantKey(tenant.tenant), item: { ...tenant, gpk: index, gsk: tenant.tenant }, condition: absent }
}

export function findTenant(table: Table, tenant: TenantId): Promise<Tenant | undefined> {
  return read(table, Tenant, tenantKey(tenant))
}

export function listTenants(table: Table): Promise<Tenant[]> {
  return collect(queryByTime(table, Tenant, index))
}
