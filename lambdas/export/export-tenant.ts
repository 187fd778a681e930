import { createHash } from 'node:crypto'
import { listAgents } from '../catalogue/agents.ts'
import { listSources } from '../catalogue/sources.ts'
import { noteExported, type TenantChore } from '../catalogue/tenant-chores.ts'
import { findTenant, type Tenant } from '../catalogue/tenants.ts'
import { VersionLocked } from '../vault/delete-version.ts'
import { VersionGone } from '../vault/extend-lock.ts'
import type { Lock } from '../vault/lock.ts'
import type { ExportPorts } from './ports.ts'
import { TenantExport, tenantExportKey } from './tenant-export.ts'

const dayMs = 86_400_000

/**
 * Writes what the tenant has set up into the vault, if it has changed since the last time; else sees to it that the last export stays locked.
 * An export that is not the newest goes when its own lock is over. A death anywhere costs a version more.
 */
export async function exportTenant(ports: ExportPorts, { tenant: id, exported }: TenantChore): Promise<void> {
  const { catalogue, vault, clock, env } = ports
  const tenant = await findTenant(catalogue, id)
  if (!tenant) return
  const content = {
    tenant,
    agents: await listAgents(catalogue, id),
    sources: await listSources(catalogue, id),
  }
  const now = clock()
  const document = TenantExport.parse({
    format: 'failsafe.tenant/1',
    receiver: env.RECEIVER_ID,
    exportedAt: now.toISOString(),
    ...content,
  })
  const { exportedAt: _, ...compared } = document
  // under another lock mode it is written anew: S3 extends a lock in its own mode alone
  const sha256 = createHash('sha256')
    .update(JSON.stringify([env.LOCK_MODE, compared]))
    .digest('base64')
  const key = tenantExportKey(id)
  const lock = { mode: env.LOCK_MODE, until: new Date(now.getTime() + tenant.minimumDays * dayMs) }
  if (exported?.sha256 === sha256) {
    if (Date.parse(exported.lockedUntil) > now.getTime() + dayMs * Math.min(2, tenant.minimumDays / 2)) return
    if (await extended(ports, key, exported.versionId, lock))
      return noteExported(catalogue, id, { ...exported, lockedUntil: lock.until.toISOString() })
  }
  const body = Buffer.from(`${JSON.stringify(document, null, 1)}\n`)
  const versionId = await vault.putVersion({ key, body, type: 'application/json' }, lock)
  await noteExported(catalogue, id, { sha256, versionId, lockedUntil: lock.until.toISOString() })
  await removeOutdated(ports, tenant, now)
}

/** @returns false when somebody took it away once its lock was over: it is written anew */
async function extended({ vault }: ExportPorts, key: string, versionId: string, lock: Lock): Promise<boolean> {
  try {
    await vault.extendLock(key, versionId, lock)
    return true
  } catch (error) {
    if (error instanceof VersionGone) return false
    throw error
  }
}

async function removeOutdated({ vault }: ExportPorts, { tenant, minimumDays }: Tenant, now: Date): Promise<void> {
  const key = tenantExportKey(tenant)
  let isNewest = true
  for await (const version of vault.listVersions(key)) {
    const outdated = !isNewest && version.storedAt.getTime() < now.getTime() - minimumDays * dayMs
    isNewest = false
    if (!outdated || version.key !== key) continue
    await vault.deleteVersion(key, version.versionId).catch(error => {
      if (!(error instanceof VersionLocked)) throw error // written while locks were longer: another night
    })
  }
}
