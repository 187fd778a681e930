import { messageOf } from '../../shared/failure.ts'
import type { TenantId } from '../../shared/ids.ts'
import { listAgents, waitsToBeSeen } from '../catalogue/agents.ts'
import { inQueue } from '../catalogue/by-time.ts'
import { ensureKeep } from '../catalogue/keep.ts'
import { agentKey, sourceKey, sourceNameKey } from '../catalogue/keys.ts'
import { listSources, type Source } from '../catalogue/sources.ts'
import { absent, isRefused, put, type Table, transact } from '../catalogue/table.ts'
import { findTenant, type Tenant, tenantCreation } from '../catalogue/tenants.ts'
import { TenantExport, tenantExportKey } from '../export/tenant-export.ts'
import type { RebuildPorts } from './ports.ts'

/** Puts back what the newest export of a tenant that can be read holds and the catalogue does not. @returns what to tell the provider */
export async function restoreTenant(ports: RebuildPorts, id: TenantId): Promise<string[]> {
  const { catalogue, clock } = ports
  const { found, notes } = await newestExport(ports, id)
  if (!found) return notes
  const { tenant, agents, sources, exportedAt } = found
  const isThere = (await findTenant(catalogue, id)) !== undefined
  const knownAgents = new Set((await listAgents(catalogue, id)).map(({ agent }) => agent))
  const knownSources = new Set((await listSources(catalogue, id)).map(({ source }) => source))
  for (const source of sources.filter(({ source }) => !knownSources.has(source)))
    await restoreSource(catalogue, source, clock())
  // last: an agent that calls finds its sources, and makes none of the same name
  for (const agent of agents.filter(({ agent }) => !knownAgents.has(agent)))
    await putNew(catalogue, {
      key: agentKey(agent.agent),
      item: {
        ...agent,
        lastSeen: exportedAt,
        rebuiltFrom: exportedAt,
        ...(agent.state === 'active' && waitsToBeSeen({ ...agent, lastSeen: exportedAt })),
      },
    })
  if (isThere) return notes
  await createTenant(catalogue, tenant)
  return [
    ...notes,
    `Tenant ${id} is as it was exported at ${exportedAt}. What was changed later is lost: revoke again who was revoked, set again what was set.`,
  ]
}

async function newestExport({ vault, catalogue }: RebuildPorts, id: TenantId) {
  const key = tenantExportKey(id)
  const notes: string[] = []
  for await (const version of vault.listVersions(key)) {
    if (version.key !== key) continue
    try {
      const found = TenantExport.parse(JSON.parse(Buffer.from(await vault.read(key, version.versionId)).toString()))
      if (found.tenant.tenant !== id) throw new Error(`it is of ${found.tenant.tenant}`)
      return { found, notes }
    } catch (error) {
      if (!(await findTenant(catalogue, id)))
        notes.push(`${key} cannot be read in version ${version.versionId}: ${messageOf(error)}`)
    }
  }
  return { notes }
}

/** Its snapshots are put back soon after: before that, the watchdog would find its runs late. */
const watchedAfterMs = 3_600_000

/** A name that another source of the agent has meanwhile stays that one's. */
export async function restoreSource(table: Table, source: Source, now: Date): Promise<void> {
  await putNew(table, {
    key: sourceNameKey(source.agent, source.name),
    item: { source: source.source, name: source.name },
  })
  const item = { ...source, ...inQueue('DUE', source.source, new Date(now.getTime() + watchedAfterMs)) }
  await putNew(table, { key: sourceKey(source.tenant, source.source), item })
  await ensureKeep(table, source, now)
}

export async function createTenant(table: Table, tenant: Tenant): Promise<void> {
  await ifNew(() => transact(table, tenantCreation(tenant)))
}

/** @returns false when there is one already: it stays as it is */
export function putNew(table: Table, creation: { key: { PK: string; SK: string }; item: Record<string, unknown> }) {
  return ifNew(() => put(table, { ...creation, condition: absent }))
}

async function ifNew(write: () => Promise<void>): Promise<boolean> {
  try {
    await write()
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}
