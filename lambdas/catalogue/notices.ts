import { z } from 'zod'
import { newUlid, type TenantId } from '../../shared/ids.ts'
import { Notice } from '../../shared/notice.ts'
import { inQueue } from './by-time.ts'
import { conditionKey, noticeKey, ttl } from './keys.ts'
import { absent, isRefused, present, put, read, type Step, type Table, transact } from './table.ts'

/*
 * A condition is raised once and recovers once, whoever looks at it how often. Each change writes its notice in the same step, and the watchdog
 * delivers what lies in the outbox, at least once, under the notice's id.
 *
 *   (absent) ──raise──▶ raised ──recover──▶ (recovered: counts as absent) ──raise──▶ raised …
 *                 │                  │
 *                 └──── notice ──────┴──── notice ───▶ outbox ──▶ topic, webhooks
 */

export type NewNotice = Omit<Notice, 'format' | 'id' | 'state'>

export const Condition = z.object({
  tenant: z.string(),
  kind: Notice.shape.kind,
  subject: Notice.shape.subject,
  severity: Notice.shape.severity,
  text: z.string(),
  since: z.iso.datetime(),
  recoveredAt: z.iso.datetime().nullable(),
})
export type Condition = z.infer<typeof Condition>

const noticesKeptDays = 90

/** A notice on its way out. */
export const OutboxItem = Notice.extend({ attempts: z.number().int(), queuedAt: z.iso.datetime() })
export type OutboxItem = z.infer<typeof OutboxItem>

/** As a step of the transaction that it tells of. */
export function noticeStep(notice: Notice): Step {
  const kept = new Date(Date.parse(notice.at) + noticesKeptDays * 86_400_000)
  const item = { ...notice, attempts: 0, queuedAt: notice.at, ttl: ttl(kept), ...inQueue('OUT', notice.id, notice.at) }
  return { put: { key: noticeKey(notice.tenant, notice.id), item, condition: absent } }
}

export function newNotice(notice: NewNotice, state: Notice['state']): Notice {
  return { format: 'failsafe.notice/1', id: newUlid(Date.parse(notice.at)), state, ...notice }
}

/** Tells of something that happened once. */
export async function notify(table: Table, notice: NewNotice, state: 'event' | 'summary' = 'event'): Promise<void> {
  const step = noticeStep(newNotice(notice, state))
  if ('put' in step) await put(table, step.put)
}

/** @returns false when it was raised already: nobody is told twice */
export async function raiseCondition(table: Table, notice: NewNotice): Promise<boolean> {
  const { tenant, kind, subject, severity, text, at } = notice
  const item: Condition = { tenant, kind, subject, severity, text, since: at, recoveredAt: null }
  return happened(
    transact(table, [
      {
        put: {
          key: conditionKey(tenant, kind, subject.id),
          item,
          condition: `${absent} OR #recoveredAt <> :none`,
          values: { ':none': null },
        },
      },
      noticeStep(newNotice(notice, 'raised')),
    ]),
  )
}

/** @returns false when it was not raised */
export async function recoverCondition(table: Table, notice: NewNotice): Promise<boolean> {
  const { tenant, kind, subject, at } = notice
  // most of the time there is nothing to recover from: a read costs less than a refused transaction
  const known = await findCondition(table, tenant, kind, subject.id)
  if (!known || known.recoveredAt !== null) return false
  return happened(
    transact(table, [
      {
        update: {
          key: conditionKey(tenant, kind, subject.id),
          update: 'SET #recoveredAt = :at',
          condition: `${present} AND #recoveredAt = :none`,
          values: { ':at': at, ':none': null },
        },
      },
      noticeStep(newNotice(notice, 'recovered')),
    ]),
  )
}

export function findCondition(table: Table, tenant: TenantId, kind: Condition['kind'], subject: string) {
  return read(table, Condition, conditionKey(tenant, kind, subject))
}

async function happened(change: Promise<void>): Promise<boolean> {
  try {
    await change
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}
