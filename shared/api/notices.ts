import { z } from 'zod'
import { SourceId, TenantId } from '../ids.ts'
import { Notice, NoticeKind } from '../notice.ts'

/** What the provider is told, where it is sent, and what it expects: the part of the admin API around the watchdog. */

// GET /v1/admin/notices?tenant=&after=
export const OpenCondition = z.object({
  tenant: TenantId.nullable(),
  kind: NoticeKind,
  /** Of a source: the mode (`full`, `differential`, `log`, `any`) that it is about. */
  mode: z.string().nullable(),
  subject: Notice.shape.subject,
  severity: Notice.shape.severity,
  text: z.string(),
  since: z.iso.datetime(),
})
export const NoticesResponse = z.object({
  /** What is open now. */
  conditions: z.array(OpenCondition),
  /** On the first page alone: the last ones, newest first, and whether anything of them is still on its way. */
  notices: z.array(Notice.extend({ waiting: z.boolean() })),
  /** Pass as `after` for the next page. */
  next: z.string().nullable(),
})

// GET /v1/admin/webhooks · POST /v1/admin/webhooks · DELETE /v1/admin/webhooks/{webhook} · POST /v1/admin/webhooks/{webhook}/test
export const WebhookRequest = z.object({
  url: z.url().max(2000),
  /** Only of this tenant, only of these kinds; all when left out. */
  tenant: TenantId.optional(),
  kinds: z.array(NoticeKind).min(1).optional(),
})
export const WebhookId = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'not the id of a webhook')
export const WebhookView = z.object({
  id: WebhookId,
  /** Without what may be secret in it: scheme and host. */
  origin: z.string(),
  tenant: TenantId.nullable(),
  kinds: z.array(NoticeKind).nullable(),
  createdAt: z.iso.datetime(),
  failing: z.object({ since: z.iso.datetime(), why: z.string(), retryAt: z.iso.datetime() }).nullable(),
})
/** The secret (Standard Webhooks, `whsec_…`) is in this answer and in no other. */
export const WebhookResponse = WebhookView.extend({ secret: z.string() })
export const WebhooksResponse = z.object({ webhooks: z.array(WebhookView) })
export const WebhookTestResponse = z.object({ delivered: z.boolean(), why: z.string().nullable() })
export const WebhookRemovedResponse = z.object({ removed: WebhookId })

// PUT /v1/admin/tenants/{tenant}/expectation · PUT|DELETE /v1/admin/tenants/{tenant}/sources/{source}/expectation
export const ExpectationRequest = z.object({
  /** A snapshot at least every so many hours, whatever the host schedules; null: nothing but its schedule. */
  everyHours: z.number().int().min(1).max(8784).nullable(),
})
export const ExpectationResponse = z.object({
  tenant: TenantId,
  source: SourceId.nullable(),
  /** Whether the source has its own word, or its tenant's counts. */
  own: z.boolean(),
  everyHours: z.number().int().nullable(),
})
