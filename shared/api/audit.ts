import { z } from 'zod'
import { TenantId } from '../ids.ts'
import { Month } from './usage.ts'

// GET /v1/admin/tenants/{tenant}/audit?month=&before=
export const AuditResponse = z.object({
  /** null: the receiver's own. */
  tenant: TenantId.nullable(),
  month: Month,
  /** Newest first. */
  entries: z.array(
    z.object({
      id: z.string(),
      at: z.iso.datetime(),
      actor: z.string(),
      action: z.string(),
      target: z.string(),
      detail: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  /** Pass as `before` for the next page. */
  next: z.string().nullable(),
})
