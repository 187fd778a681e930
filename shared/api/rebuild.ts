import { z } from 'zod'

// POST /v1/admin/catalogue/rebuild: works for a while, then says where to go on
export const RebuildRequest = z.object({
  /** From the answer before; left out to begin. */
  cursor: z.string().max(2000).optional(),
})
export const RebuildResponse = z.object({
  /** Pass it with the next call; null when everything was looked at. */
  cursor: z.string().nullable(),
  /** Snapshots that were put back, and those that were in the catalogue already. */
  restored: z.number().int(),
  present: z.number().int(),
  /** What was not, with the reason. */
  skipped: z.array(z.object({ key: z.string(), why: z.string() })),
  /** What the provider should look at: tenants, agents and locks that are not what they were. */
  notes: z.array(z.string()),
})
