import { z } from 'zod'
import { Label } from '../ids.ts'

/**
 * The provider's page and its part of the API under `/v1/console`: bearer, the secret of a console link. What it may read and do under
 * `/v1/console` are calls of the admin API under the same names, with the same bodies and answers (admin.ts, notices.ts, usage.ts):
 * GET tenants · sources · agents · notices · usage · links, POST links · tenants/{tenant}/enrol-tokens, DELETE links/{tenant}/{name}.
 */

// POST /v1/admin/consoles
export const ConsoleRequest = z.strictObject({
  expiresSeconds: z
    .number()
    .int()
    .min(60)
    .max(12 * 3600)
    .optional(),
})
export const ConsoleResponse = z.object({
  /** The page; its secret is in the fragment and nowhere else. */
  url: z.string(),
  expiresAt: z.iso.datetime(),
})

// GET /v1/console; DELETE /v1/console ends it for everybody who has the link
export const ConsoleInfoResponse = z.object({
  receiver: z.object({ id: z.string(), name: Label }),
  /** The ARN of who made the link. */
  openedBy: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** The receiver's clock. */
  now: z.iso.datetime(),
})
