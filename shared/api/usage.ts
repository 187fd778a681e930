import { z } from 'zod'
import { SourceId, TenantId } from '../ids.ts'

/** The provider's API of what tenants store and may store, under `/v1/admin`. */

export const Month = z.string().regex(/^[0-9]{4}(0[1-9]|1[0-2])$/, 'a month is written as 202611')

// GET /v1/admin/usage?month=&tenant=&after=
export const UsageRow = z.object({
  tenant: TenantId,
  source: SourceId,
  name: z.string(),
  /** As much as 10⁹ bytes for the whole month, so far. */
  gbMonths: z.number(),
  /** When last measured in the month, and the most of all those times. */
  storedBytes: z.number().int(),
  peakBytes: z.number().int(),
  uploadedBytes: z.number().int(),
  downloadedBytes: z.number().int(),
  snapshots: z.number().int(),
  restores: z.number().int(),
  measuredAt: z.iso.datetime().nullable(),
})
export type UsageRow = z.infer<typeof UsageRow>
export const UsageResponse = z.object({
  month: Month,
  /** By tenant, then source id. */
  rows: z.array(UsageRow),
  /** Pass as `after` for the next page. */
  next: z.string().nullable(),
})

const bytes = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

// PUT /v1/admin/tenants/{tenant}/quota; null is no limit, or the receiver's default for downloads
export const QuotaRequest = z
  .object({ softBytes: bytes.nullable(), hardBytes: bytes.nullable(), dailyDownloadBytes: bytes.nullable() })
  .refine(({ softBytes, hardBytes }) => softBytes === null || hardBytes === null || softBytes <= hardBytes, {
    path: ['softBytes'],
    message: 'the soft quota is not above the hard one',
  })
// GET and PUT /v1/admin/tenants/{tenant}/quota
export const QuotaResponse = z.object({
  tenant: TenantId,
  softBytes: bytes.nullable(),
  hardBytes: bytes.nullable(),
  dailyDownloadBytes: bytes.nullable(),
  /** Stored as last measured, and what uploads were signed for since. */
  usedBytes: z.number().int(),
})
