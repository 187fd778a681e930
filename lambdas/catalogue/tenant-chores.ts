import { z } from 'zod'
import { TenantId } from '../../shared/ids.ts'
import { tenantEntryKey } from './keys.ts'
import { prefixed, present, query, type Table, update } from './table.ts'

/** What the janitor does for a tenant once a night lies in its entry of the list of all, so that one query tells whose is due. */
export const TenantChore = z.object({
  tenant: TenantId,
  /** Nothing there: it was never done. */
  nightDue: z.iso.datetime().nullable().default(null),
  exported: z
    .object({ sha256: z.string(), versionId: z.string(), lockedUntil: z.iso.datetime() })
    .nullable()
    .default(null),
})
export type TenantChore = z.infer<typeof TenantChore>

export async function* dueTenants(table: Table, now: Date): AsyncGenerator<TenantChore> {
  for await (const chore of query(table, TenantChore, prefixed('TENANTS', 'T#')))
    if (chore.nightDue === null || Date.parse(chore.nightDue) <= now.getTime()) yield chore
}

export function noteExported(table: Table, tenant: TenantId, exported: TenantChore['exported']): Promise<void> {
  return change(table, tenant, 'exported', exported)
}

export function scheduleNight(table: Table, tenant: TenantId, due: Date): Promise<void> {
  return change(table, tenant, 'nightDue', due.toISOString())
}

function change(table: Table, tenant: TenantId, name: keyof TenantChore, value: unknown): Promise<void> {
  return update(table, {
    key: tenantEntryKey(tenant),
    update: `SET #${name} = :value`,
    condition: present,
    values: { ':value': value },
  })
}
