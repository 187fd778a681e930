import { believedOf, findTenantStored, listSourceStored, setUsed } from '../catalogue/stored.ts'
import { findTenant } from '../catalogue/tenants.ts'
import { type QuotaPorts, tellQuota } from './quota.ts'

/**
 * Puts right what a tenant is believed to store: the sum of its sources. Once a day, and when its quota is set; raises and recovers what the
 * figure says. Idempotent.
 */
export async function sumStored(ports: QuotaPorts, id: string): Promise<void> {
  const { catalogue } = ports
  for (let attempt = 1; ; attempt++) {
    const seen = await findTenantStored(catalogue, id)
    let used = 0
    for await (const source of listSourceStored(catalogue, id)) used += believedOf(source)
    // uploads that are signed all the time can be first every time: then tomorrow's sum is right
    if (seen.used !== used && !(await setUsed(catalogue, id, seen, used)) && attempt < 5) continue
    const tenant = await findTenant(catalogue, id)
    if (tenant) await tellQuota(ports, tenant, await findTenantStored(catalogue, id))
    return
  }
}
