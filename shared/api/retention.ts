import { z } from 'zod'
import { SnapshotId, SourceId, TenantId } from '../ids.ts'
import { Retention } from '../retention.ts'
import { SnapshotKind } from '../snapshot.ts'

/** How long the provider keeps things. */

// GET|PUT /v1/admin/tenants/{tenant}/retention · PUT|DELETE /v1/admin/tenants/{tenant}/sources/{source}/retention
export const RetentionResponse = z.object({
  tenant: TenantId,
  source: SourceId.nullable(),
  /** Whether the source has a word of its own; false: the tenant's counts. */
  own: z.boolean(),
  retention: Retention,
})

// GET /v1/admin/tenants/{tenant}/sources/{source}/retention?after=&limit=
export const RetentionPreview = z.object({
  tenant: TenantId,
  source: SourceId,
  sourceName: z.string(),
  at: z.iso.datetime(),
  own: RetentionResponse.shape.own,
  retention: Retention,
  /** A suspended tenant keeps everything. */
  paused: z.boolean(),
  totals: z.object({
    kept: z.object({ snapshots: z.number().int(), bytes: z.number().int() }),
    needed: z.object({ snapshots: z.number().int(), bytes: z.number().int() }),
    going: z.object({ snapshots: z.number().int(), bytes: z.number().int() }),
  }),
  /** In the order they were received. */
  snapshots: z.array(
    z.object({
      snapshot: SnapshotId,
      kind: SnapshotKind,
      receivedAt: z.iso.datetime(),
      lockedUntil: z.iso.datetime(),
      bytes: z.number().int(),
      /** Why it is kept for its own sake: `minimum-age`, `newest-state`, `head`, `first of week 2026-W47` … */
      rules: z.array(z.string()),
      /** The snapshot that cannot be restored without it. */
      neededBy: SnapshotId.nullable(),
      tombstonedAt: z.iso.datetime().nullable(),
      /** When it is deleted, if nothing changes; null where it is kept. */
      goesOn: z.iso.datetime().nullable(),
    }),
  ),
  /** Pass as `after` for the next page. */
  next: z.number().int().nullable(),
})
