import { z } from 'zod'

/** What the stack tells every function. */
export const Environment = z.object({
  TABLE_NAME: z.string().min(1),
  VAULT_BUCKET: z.string().min(1),
  /** Proofs are bound to it. */
  RECEIVER_ID: z.string().min(1),
  RECEIVER_NAME: z.string().min(1),
  LOCK_MODE: z.enum(['GOVERNANCE', 'COMPLIANCE']).default('GOVERNANCE'),
  /** Days that a tenant's versions stay locked when the provider says nothing else. */
  MINIMUM_DAYS: z.coerce.number().int().min(1).default(30),
  EGRESS_PRICE_PER_GB: z.coerce.number().min(0).default(0.09),
  /** Where people reach the receiver; the API's own address when left out. */
  PUBLIC_URL: z.url().optional(),
})
export type Environment = z.infer<typeof Environment>
