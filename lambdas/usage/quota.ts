import { formatBytes } from '../../shared/amount.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { Lane } from '../../shared/snapshot.ts'
import { raiseCondition, recoverCondition } from '../catalogue/notices.ts'
import { findTenantStored, noteRefusal, type TenantStored } from '../catalogue/stored.ts'
import type { Tenant } from '../catalogue/tenants.ts'
import type { Ports } from '../http/ports.ts'

export type QuotaPorts = Pick<Ports, 'catalogue' | 'clock' | 'env'>

/**
 * What a log may take beyond the hard quota. A log that is refused breaks the chain and keeps the application from emptying its own log, so that
 * both kinds of harm wait until the provider has had time to act on the notice.
 */
const logHeadroom = 0.05

/** A hard quota that is not reached any more counts as over only after this long without a refusal: runs come once a day, most of them. */
const quietHours = 36

/** What a tenant may store when something is added on `lane`; null for no limit. */
export function limitFor({ quota }: Tenant, lane: Lane): number | null {
  if (quota.hardBytes === null) return null
  return lane === 'log' ? Math.floor(quota.hardBytes * (1 + logHeadroom)) : quota.hardBytes
}

/**
 * Before anything is taken on the server: is there room for what a snapshot is expected to hold?
 * @throws ProblemError `quota-exceeded`
 */
export async function checkQuota(
  ports: QuotaPorts,
  tenant: Tenant,
  { lane, expectedBytes }: { lane: Lane; expectedBytes: number },
): Promise<void> {
  const limit = limitFor(tenant, lane)
  if (limit === null) return
  const { used } = await findTenantStored(ports.catalogue, tenant.tenant)
  if (used + expectedBytes > limit) throw await refuse(ports, tenant, used, expectedBytes)
}

/** Notes a refusal and tells the provider of it. @returns the refusal, to be thrown */
export async function refuse(ports: QuotaPorts, tenant: Tenant, used: number, more: number): Promise<ProblemError> {
  const { catalogue, clock } = ports
  const now = clock()
  const hard = tenant.quota.hardBytes ?? 0
  const why = `${tenant.name} stores ${formatBytes(used)} of at most ${formatBytes(hard)}, and this takes ${formatBytes(more)} more`
  await noteRefusal(catalogue, tenant.tenant, now)
  await raiseCondition(catalogue, {
    ...about(ports, tenant, 'quota-hard', now),
    text: `Uploads of ${tenant.name} are refused: ${why}. Raise the hard quota, or shorten the retention.`,
    detail: { used, hardBytes: hard, more },
  })
  return new ProblemError('quota-exceeded', why, {
    fix: 'Ask your provider for a larger quota; nothing was changed on this server',
    extra: { usedBytes: used, hardBytes: hard },
  })
}

/** Raises and recovers what a tenant's figure says. @param stored as it is now */
export async function tellQuota(ports: QuotaPorts, tenant: Tenant, { used, refusedAt }: TenantStored): Promise<void> {
  const { catalogue, clock } = ports
  const { softBytes, hardBytes } = tenant.quota
  const now = clock()
  const soft = about(ports, tenant, 'quota-soft', now)
  const hard = about(ports, tenant, 'quota-hard', now)
  const stores = `${tenant.name} stores ${formatBytes(used)}`
  const detail = { used, softBytes, hardBytes }
  if (softBytes !== null && used > softBytes)
    await raiseCondition(catalogue, {
      ...soft,
      text: `${stores}; its soft quota is ${formatBytes(softBytes)}.`,
      detail,
    })
  else await recoverCondition(catalogue, { ...soft, text: `${stores}, which is within its soft quota again.`, detail })
  const refusedLately = refusedAt !== undefined && now.getTime() - Date.parse(refusedAt) < quietHours * 3_600_000
  if (hardBytes !== null && used >= hardBytes)
    await raiseCondition(catalogue, {
      ...hard,
      text: `${stores}; its hard quota is ${formatBytes(hardBytes)}: uploads are refused. Raise it, or shorten the retention.`,
      detail,
    })
  else if (hardBytes === null || !refusedLately)
    await recoverCondition(catalogue, { ...hard, text: `${stores}: uploads are taken again.`, detail })
}

function about({ env }: QuotaPorts, { tenant, name }: Tenant, kind: 'quota-soft' | 'quota-hard', now: Date) {
  return {
    at: now.toISOString(),
    receiver: env.RECEIVER_ID,
    tenant,
    kind,
    severity: kind === 'quota-hard' ? ('critical' as const) : ('warning' as const),
    subject: { type: 'tenant' as const, id: tenant, name },
  }
}
