import type { TenantId } from '../../shared/ids.ts'
import { listSources, type Source } from '../catalogue/sources.ts'
import { findTenant, type Tenant } from '../catalogue/tenants.ts'
import type { WatchdogPorts } from './ports.ts'

/** What the looks of one pass share. */
export interface Pass extends WatchdogPorts {
  /** When the watchdog came back after it had stood still: what was due in between is not held against anybody. */
  resumedAt: Date
  /** Read once in a pass. */
  tenant(id: TenantId): Promise<Tenant | undefined>
  sources(tenant: TenantId): Promise<Source[]>
}

export function newPass(ports: WatchdogPorts, resumedAt: Date): Pass {
  const tenants = new Map<TenantId, Promise<Tenant | undefined>>()
  const sources = new Map<TenantId, Promise<Source[]>>()
  return {
    ...ports,
    resumedAt,
    tenant(id) {
      const known = tenants.get(id) ?? findTenant(ports.catalogue, id)
      tenants.set(id, known)
      return known
    },
    sources(tenant) {
      const known = sources.get(tenant) ?? listSources(ports.catalogue, tenant)
      sources.set(tenant, known)
      return known
    },
  }
}
