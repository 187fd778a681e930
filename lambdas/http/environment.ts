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
  /** What tenants get beyond that when the provider says nothing else (`Retention.keep`). */
  KEEP_DAILY_DAYS: z.coerce.number().int().min(0).default(0),
  KEEP_WEEKLY_WEEKS: z.coerce.number().int().min(0).default(0),
  KEEP_MONTHLY_MONTHS: z.coerce.number().int().min(0).default(0),
  KEEP_YEARLY_YEARS: z.coerce.number().int().min(0).default(0),
  /** Requests that one agent may make in a minute. */
  REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).default(1200),
  /** Bytes that one agent may fetch in a day with its own key, for tenants without their own figure. */
  DAILY_DOWNLOAD_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(500 * 1024 ** 3),
  /** Where notices are published; nowhere when left out. */
  NOTICE_TOPIC_ARN: z.string().optional(),
  /** Where webhooks may lead; `any` also to private addresses. */
  WEBHOOK_ADDRESSES: z.enum(['public', 'any']).default('public'),
  EGRESS_PRICE_PER_GB: z.coerce.number().min(0).default(0.09),
  /** Where people reach the receiver; the API's own address when left out. */
  PUBLIC_URL: z.url().optional(),
  /** On the restore page: who provides it (RECEIVER_NAME when left out), who is asked for help, a file of the page, and `#rrggbb`. */
  PROVIDER_NAME: z.string().optional(),
  PROVIDER_CONTACT: z.string().optional(),
  PROVIDER_LOGO: z.string().optional(),
  BRAND_COLOUR: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/)
    .optional(),
})
export type Environment = z.infer<typeof Environment>
