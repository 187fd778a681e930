import type { TenantId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { findTenant, type Tenant } from '../catalogue/tenants.ts'
import type { Ports } from '../http/ports.ts'

/** @throws ProblemError `not-found` */
export async function knownTenant({ catalogue }: Ports, id: TenantId): Promise<Tenant> {
  const tenant = await findTenant(catalogue, id)
  if (!tenant) throw new ProblemError('not-found', `there is no tenant ${id}`)
  return tenant
}
