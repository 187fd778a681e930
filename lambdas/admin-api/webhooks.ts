import { createRoute, z } from '@hono/zod-openapi'
import {
  WebhookId,
  WebhookRemovedResponse,
  WebhookRequest,
  WebhookResponse,
  WebhooksResponse,
  WebhookTestResponse,
  type WebhookView,
} from '../../shared/api/notices.ts'
import { newUlid } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { type AuditEntry, auditCreation, recordAudit } from '../catalogue/audit.ts'
import { newNotice, recoverCondition } from '../catalogue/notices.ts'
import { isRefused, transact } from '../catalogue/table.ts'
import { findWebhook, listWebhooks, type Webhook, webhookCreation, webhookRemoval } from '../catalogue/webhooks.ts'
import { jsonAnswer, jsonBody, refusal } from '../http/json.ts'
import type { Ports } from '../http/ports.ts'
import { refusedUrl } from '../notices/addresses.ts'
import { postWebhook } from '../notices/post.ts'
import { newWebhookSecret, signedDelivery } from '../notices/sign.ts'
import { hostOf, removedNotice } from '../notices/webhook-notices.ts'
import { knownTenant } from '../provider/known-tenant.ts'
import type { AdminApp } from './app.ts'

const params = z.object({ webhook: WebhookId })

const list = createRoute({
  method: 'get',
  path: '/v1/admin/webhooks',
  summary: 'Where notices are posted to',
  responses: { 200: jsonAnswer('The webhooks, without their secrets', WebhooksResponse), default: refusal },
})
const add = createRoute({
  method: 'post',
  path: '/v1/admin/webhooks',
  summary: 'One more address that notices are posted to, signed as Standard Webhooks say',
  request: jsonBody(WebhookRequest),
  responses: { 200: jsonAnswer('The webhook; its secret is in no other answer', WebhookResponse), default: refusal },
})
const test = createRoute({
  method: 'post',
  path: '/v1/admin/webhooks/{webhook}/test',
  summary: 'Posts a notice of kind `test` now',
  request: { params },
  responses: { 200: jsonAnswer('Whether it was taken, and if not, why', WebhookTestResponse), default: refusal },
})
const remove = createRoute({
  method: 'delete',
  path: '/v1/admin/webhooks/{webhook}',
  summary: 'Posts nothing there any more',
  request: { params },
  responses: { 200: jsonAnswer('It is removed, and its secret with it', WebhookRemovedResponse), default: refusal },
})

export function webhooks(app: AdminApp, ports: Ports): void {
  const { catalogue, clock, env } = ports

  app.openapi(list, async c => c.json({ webhooks: (await listWebhooks(catalogue)).map(viewOf) }, 200))

  app.openapi(add, async c => {
    const { url, tenant, kinds } = c.req.valid('json')
    const refused = refusedUrl(url, env.WEBHOOK_ADDRESSES)
    if (refused !== undefined) throw new ProblemError('invalid-request', `url: ${refused}`)
    if (tenant !== undefined) await knownTenant(ports, tenant)
    const now = clock()
    const webhook: Webhook = {
      id: newUlid(now.getTime()),
      url,
      secret: newWebhookSecret(ports),
      tenant: tenant ?? null,
      kinds: kinds ?? null,
      createdAt: now.toISOString(),
      failing: null,
      removedAt: null,
    }
    const audit = auditOf(c.var.actor, 'webhook-changed', webhook, { added: hostOf(webhook), kinds: webhook.kinds })
    await transact(catalogue, [{ put: webhookCreation(webhook) }, { put: auditCreation(webhook.tenant, audit) }])
    return c.json({ ...viewOf(webhook), secret: webhook.secret }, 200)
  })

  app.openapi(test, async c => {
    const webhook = await known(c.req.valid('param').webhook)
    const now = clock()
    const notice = newNotice(
      {
        at: now.toISOString(),
        receiver: env.RECEIVER_ID,
        tenant: webhook.tenant,
        kind: 'test',
        severity: 'info',
        subject: { type: 'webhook', id: webhook.id, name: hostOf(webhook) },
        text: 'This is a test of this webhook. Nothing has happened.',
      },
      'event',
    )
    const outcome = await postWebhook(env.WEBHOOK_ADDRESSES)(signedDelivery(webhook, notice, now))
    const why = outcome.ok ? null : outcome.why
    await recordAudit(catalogue, webhook.tenant, auditOf(c.var.actor, 'webhook-tested', webhook, { why }))
    return c.json({ delivered: outcome.ok, why }, 200)
  })

  app.openapi(remove, async c => {
    const webhook = await known(c.req.valid('param').webhook)
    const now = clock()
    const audit = auditOf(c.var.actor, 'webhook-changed', webhook, { removed: hostOf(webhook) })
    await transact(catalogue, [
      { update: webhookRemoval(webhook.id, now.toISOString()) },
      { put: auditCreation(webhook.tenant, audit) },
    ]).catch(error => {
      throw isRefused(error) ? new ProblemError('not-found', 'it was removed meanwhile') : error
    })
    await recoverCondition(catalogue, removedNotice(ports, webhook, now))
    return c.json({ removed: webhook.id }, 200)
  })

  async function known(id: string): Promise<Webhook> {
    const webhook = await findWebhook(catalogue, id)
    if (!webhook) throw new ProblemError('not-found', `there is no webhook ${id}`)
    return webhook
  }

  function auditOf(
    actor: string,
    action: AuditEntry['action'],
    webhook: Webhook,
    detail: Record<string, unknown>,
  ): AuditEntry {
    return { at: clock().toISOString(), actor, action, target: webhook.id, detail }
  }
}

function viewOf({ id, url, tenant, kinds, createdAt, failing }: Webhook): z.output<typeof WebhookView> {
  const shown = failing && { since: failing.since, why: failing.why, retryAt: failing.retryAt }
  return { id, origin: new URL(url).origin, tenant, kinds, createdAt, failing: shown }
}
