import pLimit, { type LimitFunction } from 'p-limit'
import { Notice } from '../../shared/notice.ts'
import { type OutboxItem, raiseCondition, recoverCondition } from '../catalogue/notices.ts'
import { claimNotice, findOutboxItem, noteDelivered, releaseNotice } from '../catalogue/outbox.ts'
import type { Key } from '../catalogue/table.ts'
import { listWebhooks, noteWebhook, stillFailing, type Webhook } from '../catalogue/webhooks.ts'
import type { Ports } from '../http/ports.ts'
import type { PostWebhook } from './post.ts'
import { signedDelivery } from './sign.ts'
import type { NoticeTopic } from './topic.ts'
import { failingNotice, workingNotice } from './webhook-notices.ts'

/*
 *   in the outbox ──claim──▶ topic, each webhook that wants it ──each success noted──▶ all have it ──▶ out of the queue, kept for 90 days
 *        ▲                        └─ one failed ──▶ tried again later: by that one alone, for three days
 *        └── a pass that died with it: the claim ends after ten minutes
 *
 * At least once: a death between a delivery and its note repeats it, under the same id. A webhook that fails is left alone from then on, for
 * 1 minute, 2, 4 … 6 hours, whatever waits for it, so that a dead one costs one attempt in a pass and not one for each notice.
 */

export interface DeliveryPorts extends Ports {
  /** undefined: the receiver has no topic. */
  topic: NoticeTopic | undefined
  post: PostWebhook
}

const minute = 60_000
const hour = 60 * minute
const claimedFor = 10 * minute
const givenUpAfter = 3 * 24 * hour
/** A webhook that has failed for so long is a condition. */
const toldAfter = hour

/** @param tries that have failed so far */
export function backOff(tries: number): number {
  return Math.min(6 * hour, minute * 2 ** Math.min(tries, 10))
}

/** Delivers what is taken up in one pass. */
export class Courier {
  readonly #ports: DeliveryPorts
  #webhooks: Promise<Line[]> | undefined

  constructor(ports: DeliveryPorts) {
    this.#ports = ports
  }

  async deliver(key: Key): Promise<void> {
    const { catalogue, clock } = this.#ports
    const item = await findOutboxItem(catalogue, key)
    const now = clock()
    if (item?.gsk === undefined || item.gsk > now.toISOString()) return
    if (!(await claimNotice(catalogue, item, new Date(now.getTime() + claimedFor)))) return
    const delivered = new Set(item.delivered)
    const noting = pLimit(1)
    const note = (target: string) =>
      noting(async () => {
        await noteDelivered(catalogue, item, [...delivered.add(target)])
      })
    const lines = await this.#lines()
    const ended = await Promise.allSettled([
      this.#toTopic(item, note),
      ...lines
        .filter(({ webhook }) => wants(webhook, item) && !item.delivered.includes(webhook.id))
        .map(line => line.limit(() => this.#toWebhook(line, item, note))),
    ])
    const broken = ended.find(end => end.status === 'rejected')
    if (broken) throw broken.reason // the catalogue failed: the claim ends by itself
    const waits = ended.map(end => (end as PromiseFulfilledResult<Date | undefined>).value)
    const again = waits.filter(wait => wait !== undefined)
    const givenUp = clock().getTime() - Date.parse(item.queuedAt) > givenUpAfter
    const first = givenUp || again.length === 0 ? undefined : new Date(Math.min(...again.map(Number)))
    await releaseNotice(catalogue, item, first)
  }

  /** @returns when to try again; undefined when it has it */
  async #toTopic(item: OutboxItem, note: (target: string) => Promise<void>): Promise<Date | undefined> {
    const { topic, clock, log } = this.#ports
    if (!topic || item.delivered.includes('topic')) return undefined
    try {
      await topic(Notice.parse(item))
    } catch (error) {
      log.failure(error)
      return new Date(clock().getTime() + backOff(item.attempts))
    }
    await note('topic')
    return undefined
  }

  async #lines(): Promise<Line[]> {
    this.#webhooks ??= listWebhooks(this.#ports.catalogue).then(all =>
      all.map(webhook => ({ webhook, limit: pLimit(1) })),
    )
    return this.#webhooks
  }

  async #toWebhook(line: Line, item: OutboxItem, note: (target: string) => Promise<void>): Promise<Date | undefined> {
    const { catalogue, clock, post } = this.#ports
    const { webhook } = line
    const now = clock()
    if (webhook.failing && webhook.failing.retryAt > now.toISOString()) return new Date(webhook.failing.retryAt)
    const outcome = await post(signedDelivery(webhook, Notice.parse(item), now))
    if (outcome.ok) {
      await note(webhook.id)
      if (webhook.failing) line.webhook = await this.#works(webhook)
      return undefined
    }
    const since = webhook.failing?.since ?? now.toISOString()
    const tries = (webhook.failing?.tries ?? 0) + 1
    const retryAt = new Date(clock().getTime() + backOff(tries - 1))
    const failing = { since, tries, why: outcome.why, retryAt: retryAt.toISOString() }
    line.webhook = { ...webhook, failing }
    await noteWebhook(catalogue, webhook.id, failing)
    if (now.getTime() - Date.parse(since) >= toldAfter)
      await raiseCondition(catalogue, failingNotice(this.#ports, line.webhook, now), stillFailing(webhook.id, since))
    return retryAt
  }

  /** Told first and noted then: a condition is open only while the webhook is marked as failing. */
  async #works(webhook: Webhook): Promise<Webhook> {
    const { catalogue, clock } = this.#ports
    await recoverCondition(catalogue, workingNotice(this.#ports, webhook, clock()))
    await noteWebhook(catalogue, webhook.id, null)
    return { ...webhook, failing: null }
  }
}

/** A webhook and its queue in this pass: one notice after the other. */
interface Line {
  webhook: Webhook
  limit: LimitFunction
}

/** What came before it was added, and that it fails itself, it is not told. */
function wants({ id, tenant, kinds, createdAt }: Webhook, notice: OutboxItem): boolean {
  if (notice.at < createdAt || (notice.subject.type === 'webhook' && notice.subject.id === id)) return false
  return (tenant === null || tenant === notice.tenant) && (kinds === null || kinds.includes(notice.kind))
}
