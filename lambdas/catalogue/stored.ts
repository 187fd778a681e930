import { z } from 'zod'
import { SourceId, type TenantId } from '../../shared/ids.ts'
import { measuredKey, storedKey } from './keys.ts'
import { absent, isRefused, prefixed, query, read, type Step, type Table, update } from './table.ts'
import type { Metered } from './usage.ts'

/*
 * What a tenant stores, as far as quotas go. The truth is what S3 lists; it is measured once a day for each source. Between two measurements
 * every byte counts from the moment an upload of it is signed, whether it is committed later or not:
 *
 *   source    measured ───────────────── measured ──────
 *             bytes + what was signed since
 *                 │ sum of all sources, once a day
 *   tenant        ▼ used ──+signed──+signed──▼ used
 *
 * The tenant's figure is counted outside of every transaction, as its sources share it. What a death between two writes leaves wrong, the next
 * sum puts right; until then it is rather too high than too low.
 */

export const TenantStored = z.object({
  used: z.number().int().default(0),
  /** When an upload was last refused because of it. */
  refusedAt: z.iso.datetime().optional(),
})
export type TenantStored = z.infer<typeof TenantStored>

export const SourceStored = z.object({
  source: SourceId,
  /** In all versions, and in parts of packs that are not objects yet, at `measuredAt`. */
  bytes: z.number().int().default(0),
  measuredAt: z.iso.datetime().nullable().default(null),
  /** Signed ever, and as much of it as was signed when it was measured. */
  signed: z.number().int().default(0),
  signedThen: z.number().int().default(0),
  /** What was received before is counted into its month's usage for good. */
  settledUntil: z.iso.datetime().nullable().default(null),
})
export type SourceStored = z.infer<typeof SourceStored>

export async function findTenantStored(table: Table, tenant: TenantId): Promise<TenantStored> {
  return (await read(table, TenantStored, storedKey(tenant))) ?? { used: 0 }
}

export async function findSourceStored(table: Table, { tenant, source }: Metered): Promise<SourceStored> {
  return (await read(table, SourceStored, measuredKey(tenant, source))) ?? SourceStored.parse({ source })
}

export function listSourceStored(table: Table, tenant: TenantId): AsyncGenerator<SourceStored> {
  return query(table, SourceStored, prefixed(`T#${tenant}`, 'B#'))
}

/** What counts against the quota for one source. */
export function believedOf({ bytes, signed, signedThen }: SourceStored): number {
  return bytes + signed - signedThen
}

/** @returns false when `limit` does not allow it: nothing is counted then */
export async function addUsed(table: Table, tenant: TenantId, bytes: number, limit: number | null): Promise<boolean> {
  const most = limit === null ? null : limit - bytes
  const fits = most !== null && most < 0 ? '#used <= :most' : '(#used <= :most OR attribute_not_exists(#used))'
  try {
    await update(table, {
      key: storedKey(tenant),
      update: 'ADD #used :bytes',
      values: { ':bytes': bytes, ...(most !== null && { ':most': most }) },
      ...(most !== null && { condition: fits }),
    })
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

export function addSigned(table: Table, { tenant, source }: Metered, bytes: number): Promise<void> {
  return update(table, {
    key: measuredKey(tenant, source),
    update: 'SET #source = :source ADD #signed :bytes',
    values: { ':source': source, ':bytes': bytes },
  })
}

export function noteRefusal(table: Table, tenant: TenantId, now: Date): Promise<void> {
  return update(table, {
    key: storedKey(tenant),
    update: 'SET #refusedAt = :now',
    values: { ':now': now.toISOString() },
  })
}

/** @returns false when something was counted meanwhile */
export async function setUsed(table: Table, tenant: TenantId, seen: TenantStored, used: number): Promise<boolean> {
  try {
    await update(table, {
      key: storedKey(tenant),
      update: 'SET #used = :used',
      condition: `#used = :seen OR attribute_not_exists(#used)`,
      values: { ':used': used, ':seen': seen.used },
    })
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

/** As a step of the transaction that writes the months' usage: a second measurement at the same time is refused. */
export function measured(
  { tenant, source }: Metered,
  seen: SourceStored,
  now: Pick<SourceStored, 'bytes' | 'signedThen'> & { measuredAt: string; settledUntil: string },
): Step {
  return {
    update: {
      key: measuredKey(tenant, source),
      update:
        'SET #source = :source, #bytes = :bytes, #measuredAt = :measuredAt, #signedThen = :signedThen, #settledUntil = :settledUntil',
      condition: seen.measuredAt === null ? `${absent} OR attribute_not_exists(#measuredAt)` : '#measuredAt = :seen',
      values: {
        ':source': source,
        ':bytes': now.bytes,
        ':measuredAt': now.measuredAt,
        ':signedThen': now.signedThen,
        ':settledUntil': now.settledUntil,
        ...(seen.measuredAt === null ? {} : { ':seen': seen.measuredAt }),
      },
    },
  }
}
