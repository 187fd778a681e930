import type { TenantId } from '../../shared/ids.ts'
import { auditCreation } from '../catalogue/audit.ts'
import { isRefused, transact } from '../catalogue/table.ts'
import { suspension, type Tenant } from '../catalogue/tenants.ts'
import type { Ports } from '../http/ports.ts'
import { knownTenant } from '../provider/known-tenant.ts'

/**
 * Suspends or resumes. Asked for what is so already it changes nothing, and the audit says nothing.
 * @param suspended null to resume
 */
export async function changeSuspension(
  ports: Ports,
  tenant: TenantId,
  suspended: Tenant['suspended'],
  { actor, reason }: { actor: string; reason: string | null },
): Promise<Tenant> {
  const wanted = suspended ? 'suspended' : 'active'
  const audit = auditCreation(tenant, {
    at: ports.clock().toISOString(),
    actor,
    action: suspended ? 'tenant-suspended' : 'tenant-resumed',
    target: tenant,
    detail: { reason },
  })
  for (let attempt = 1; ; attempt++) {
    const now = await knownTenant(ports, tenant)
    if (now.state === wanted) return now
    try {
      await transact(ports.catalogue, [{ update: suspension(tenant, suspended) }, { put: audit }])
    } catch (error) {
      if (!isRefused(error) || attempt >= 5) throw error // another request was there at the same moment: look again
    }
  }
}
