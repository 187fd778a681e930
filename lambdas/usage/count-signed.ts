import type { Part } from '../../shared/api/agent.ts'
import { findSigned, raiseSigned } from '../catalogue/signed.ts'
import type { SnapshotIn } from '../catalogue/snapshots.ts'
import { addSigned, addUsed, findTenantStored } from '../catalogue/stored.ts'
import type { Tenant } from '../catalogue/tenants.ts'
import { limitFor, type QuotaPorts, refuse, tellQuota } from './quota.ts'

/**
 * Counts parts that are about to be signed against the tenant's quota, once: signing a part again costs nothing. What counts of a pack is all up
 * to the highest part that was ever signed, which is no less than can be stored with its URLs. To be called when the packs are begun.
 * @throws ProblemError `quota-exceeded`: nothing may be signed
 */
export async function countSigned(
  ports: QuotaPorts,
  tenant: Tenant,
  snapshot: SnapshotIn<'open'>,
  parts: Part[],
): Promise<void> {
  const { softBytes, hardBytes } = tenant.quota
  if (softBytes === null && hardBytes === null) return
  let counted = 0
  for (const n of new Set(parts.map(({ pack }) => pack))) {
    const reach = parts
      .filter(({ pack }) => pack === n)
      .map(({ number, size }) => (number - 1) * snapshot.partSize + size)
    counted += await count(ports, tenant, snapshot, n, Math.max(...reach))
  }
  if (counted === 0) return
  await addSigned(ports.catalogue, snapshot, counted)
  const stored = await findTenantStored(ports.catalogue, tenant.tenant)
  if (softBytes !== null && stored.used > softBytes && stored.used - counted <= softBytes)
    await tellQuota(ports, tenant, stored)
}

/** The tenant's figure first: a death in between counts too much, and never signs what is not counted. */
async function count(
  ports: QuotaPorts,
  tenant: Tenant,
  { snapshot, lane }: SnapshotIn<'open'>,
  n: number,
  reach: number,
): Promise<number> {
  const { catalogue } = ports
  const limit = limitFor(tenant, lane)
  for (let attempt = 1; ; attempt++) {
    const seen = await findSigned(catalogue, snapshot, n)
    const more = reach - seen
    if (more <= 0) return 0
    if (!(await addUsed(catalogue, tenant.tenant, more, limit)))
      throw await refuse(ports, tenant, (await findTenantStored(catalogue, tenant.tenant)).used, more)
    if (await raiseSigned(catalogue, snapshot, n, seen, reach)) return more
    await addUsed(catalogue, tenant.tenant, -more, null) // another request counted it meanwhile
    if (attempt >= 5) throw new Error(`pack ${n} of ${snapshot} is being signed by too many at once`)
  }
}
