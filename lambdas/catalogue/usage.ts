import { z } from 'zod'
import { SourceId, type TenantId } from '../../shared/ids.ts'
import { monthOf } from './audit.ts'
import { usageKey } from './keys.ts'
import { hoursOf } from './months.ts'
import { prefixed, query, read, type Table, update } from './table.ts'

/**
 * What one source stored and moved in one month. Whoever counts something makes the item, so that every figure may be missing. The janitor's
 * daily pass alone writes what is measured (`lambdas/usage/measure-usage.ts`); downloads and restores are counted as they happen.
 */
export const MonthUsage = z.object({
  source: SourceId,
  month: z.string(),
  /** Of the source, when it was last measured. */
  name: z.string().default(''),
  /** Stored when it was last measured in this month, and the most of all those times. */
  bytes: z.number().int().default(0),
  peakBytes: z.number().int().default(0),
  /** 10⁹ bytes for an hour. A fraction, because bytes × hours soon outgrow what a number holds exactly. */
  gbHours: z.number().default(0),
  /** Committed, by received-at. */
  uploadedBytes: z.number().int().default(0),
  snapshots: z.number().int().default(0),
  /** Of these, what was received before the source's `settledUntil`, and is not counted again. */
  settled: z.object({ bytes: z.number().int(), snapshots: z.number().int() }).default({ bytes: 0, snapshots: 0 }),
  /** That URLs were signed for. */
  downloadedBytes: z.number().int().default(0),
  restores: z.number().int().default(0),
  measuredAt: z.iso.datetime().nullable().default(null),
})
export type MonthUsage = z.infer<typeof MonthUsage>

/** Whose usage it is. */
export interface Metered {
  tenant: TenantId
  source: SourceId
}

export async function findUsage(table: Table, { tenant, source }: Metered, month: string): Promise<MonthUsage> {
  return (await read(table, MonthUsage, usageKey(tenant, month, source))) ?? MonthUsage.parse({ source, month })
}

/** One month of a tenant's sources, by source id, lazily. @param after only sources behind this one */
export async function* listUsage(
  table: Table,
  tenant: TenantId,
  month: string,
  after?: SourceId,
): AsyncGenerator<MonthUsage> {
  const range = prefixed(`T#${tenant}`, `U#${month}#`)
  const from = after === undefined ? range.from : usageKey(tenant, month, after).SK
  for await (const usage of query(table, MonthUsage, { ...range, from })) if (usage.source !== after) yield usage
}

/** Counts bytes that URLs were signed for. */
export function countDownloaded(table: Table, metered: Metered, bytes: number, now: Date): Promise<void> {
  return count(table, metered, 'downloadedBytes', bytes, now)
}

/** Counts a restore that was planned. */
export function countRestore(table: Table, metered: Metered, now: Date): Promise<void> {
  return count(table, metered, 'restores', 1, now)
}

async function count(table: Table, { tenant, source }: Metered, what: keyof MonthUsage, amount: number, now: Date) {
  const month = monthOf(now.toISOString())
  await update(table, {
    key: usageKey(tenant, month, source),
    update: `SET #source = :source, #month = :month ADD #${what} :amount`,
    values: { ':source': source, ':month': month, ':amount': amount },
  })
}

/** Billing's figure: as much as one GB (10⁹ bytes) for the whole month. */
export function gbMonths({ gbHours, month }: Pick<MonthUsage, 'gbHours' | 'month'>): number {
  return gbHours / hoursOf(month)
}
