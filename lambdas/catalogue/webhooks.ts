import { z } from 'zod'
import { TenantId } from '../../shared/ids.ts'
import { NoticeKind } from '../../shared/notice.ts'
import { webhookKey } from './keys.ts'
import {
  absent,
  type Change,
  type Creation,
  collect,
  prefixed,
  present,
  query,
  read,
  type Step,
  type Table,
  update,
} from './table.ts'

/** An address that notices are posted to. */
export const Webhook = z.object({
  id: z.string(),
  url: z.url(),
  /** `whsec_` and base64: it has to be at hand to sign with, so that whoever may read the catalogue can read it (docs: threat model). */
  secret: z.string(),
  /** Only of this tenant, and only of these kinds; null for all. */
  tenant: TenantId.nullable(),
  kinds: z.array(NoticeKind).nullable(),
  createdAt: z.iso.datetime(),
  /** Since it takes nothing: when that began, how often it was tried, why it failed last and when it is tried again. */
  failing: z
    .object({ since: z.iso.datetime(), tries: z.number().int(), why: z.string(), retryAt: z.iso.datetime() })
    .nullable(),
  /** Removed ones are kept for the audit's sake and get nothing. */
  removedAt: z.iso.datetime().nullable(),
})
export type Webhook = z.infer<typeof Webhook>

export function webhookCreation(webhook: Webhook): Creation {
  return { key: webhookKey(webhook.id), item: webhook, condition: absent }
}

/** Its secret goes with it. */
export function webhookRemoval(id: string, at: string): Change {
  return {
    key: webhookKey(id),
    update: 'SET #removedAt = :at, #secret = :gone, #failing = :none',
    condition: `${present} AND #removedAt = :none`,
    values: { ':at': at, ':none': null, ':gone': '' },
  }
}

export async function findWebhook(table: Table, id: string): Promise<Webhook | undefined> {
  const webhook = await read(table, Webhook, webhookKey(id))
  return webhook?.removedAt === null ? webhook : undefined
}

export async function listWebhooks(table: Table): Promise<Webhook[]> {
  const all = await collect(query(table, Webhook, prefixed('WEBHOOKS', 'W#')))
  return all.filter(({ removedAt }) => removedAt === null)
}

export function noteWebhook(table: Table, id: string, failing: Webhook['failing']): Promise<void> {
  return update(table, {
    key: webhookKey(id),
    update: 'SET #failing = :failing',
    condition: present,
    values: { ':failing': failing },
  })
}

/** For the transaction that tells of it: refused once it has taken something. */
export function stillFailing(id: string, since: string): Step {
  return { check: { key: webhookKey(id), condition: '#failing.#since = :since', values: { ':since': since } } }
}
