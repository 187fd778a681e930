import type { SourceId, TenantId } from '../../shared/ids.ts'
import type { Retention } from '../../shared/retention.ts'
import { sourceKey, tenantKey } from './keys.ts'
import { type Change, present } from './table.ts'

/** As steps of the transaction that records them. Refused (see `isRefused`) where there is no such tenant or source. */

export function tenantRetention(tenant: TenantId, { minimumDays, keep }: Retention): Change {
  return {
    key: tenantKey(tenant),
    update: 'SET #minimumDays = :minimumDays, #keep = :keep',
    condition: present,
    values: { ':minimumDays': minimumDays, ':keep': keep },
  }
}

/** @param retention null: the tenant's counts again */
export function sourceRetention(tenant: TenantId, source: SourceId, retention: Retention | null): Change {
  const change = { key: sourceKey(tenant, source), condition: present }
  if (retention === null) return { ...change, update: 'REMOVE #retention' }
  return { ...change, update: 'SET #retention = :retention', values: { ':retention': retention } }
}
