import { z } from 'zod'
import { newUlid, type TenantId } from '../../shared/ids.ts'
import { Notice } from '../../shared/notice.ts'
import { inQueue } from './by-time.ts'
import { conditionKey, noticeKey, noticePartition, ownerPartition, ttl } from './keys.ts'
import {
  absent,
  type Change,
  type Creation,
  isRefused,
  prefixed,
  present,
  put,
  query,
  read,
  type Step,
  type Table,
  transact,
} from './table.ts'

/*
 * A condition is raised once and recovers once, whoever looks at it how often. Each change writes its notice in the same step, and the watchdog
 * delivers what lies in the outbox, at least once, under the notice's id.
 *
 *   (absent) ──raise──▶ raised ──recover──▶ (recovered: counts as absent) ──raise──▶ raised …
 *                 │                  │
 *                 └──── notice ──────┴──── notice ───▶ outbox ──▶ topic, webhooks
 */

export interface NewNotice extends Omit<Notice, 'format' | 'id' | 'state'> {
  /** Where one subject can have a kind several times (the modes of a source): which of them. */
  aspect?: string
}

export const Condition = z.object({
  tenant: Notice.shape.tenant,
  kind: Notice.shape.kind,
  aspect: z.string().nullable().default(null),
  subject: Notice.shape.subject,
  severity: Notice.shape.severity,
  text: z.string(),
  since: z.iso.datetime(),
  recoveredAt: z.iso.datetime().nullable(),
})
export type Condition = z.infer<typeof Condition>

const noticesKeptDays = 90

/** A notice on its way out, and for 90 days after it. */
export const OutboxItem = Notice.extend({
  attempts: z.number().int(),
  queuedAt: z.iso.datetime(),
  /** Targets that have it: `topic`, or a webhook's id. */
  delivered: z.array(z.string()).default([]),
  /** In the queue, since when; gone when nothing is left to do. */
  gsk: z.iso.datetime().optional(),
})
export type OutboxItem = z.infer<typeof OutboxItem>

/** As a step of the transaction that it tells of. */
export function noticeStep(notice: Notice): Step {
  const kept = new Date(Date.parse(notice.at) + noticesKeptDays * 86_400_000)
  const item = { ...notice, attempts: 0, queuedAt: notice.at, ttl: ttl(kept), ...inQueue('OUT', notice.id, notice.at) }
  return { put: { key: noticeKey(notice.tenant, notice.id), item, condition: absent } }
}

export function newNotice({ aspect: _aspect, ...notice }: NewNotice, state: Notice['state']): Notice {
  return { format: 'failsafe.notice/1', id: newUlid(Date.parse(notice.at)), state, ...notice }
}

/** Tells of something that happened once. */
export async function notify(table: Table, notice: NewNotice, state: 'event' | 'summary' = 'event'): Promise<void> {
  const step = noticeStep(newNotice(notice, state))
  if ('put' in step) await put(table, step.put)
}

/**
 * @param unless a check without which it is not raised: what it was decided on may have changed
 * @returns false when it was raised already: nobody is told twice
 */
export async function raiseCondition(table: Table, notice: NewNotice, unless?: Step): Promise<boolean> {
  if (await isOpen(table, notice)) return false
  const { tenant, kind, subject, severity, text, at, aspect = null } = notice
  const item: Condition = { tenant, kind, aspect, subject, severity, text, since: at, recoveredAt: null }
  const condition: Creation = {
    key: conditionKey(tenant, kind, keyOf(notice)),
    item,
    condition: `${absent} OR #recoveredAt <> :none`,
    values: { ':none': null },
  }
  return change(table, notice, 'raised', [{ put: condition }, ...(unless ? [unless] : [])])
}

/** @returns false when it was not raised */
export async function recoverCondition(table: Table, notice: NewNotice): Promise<boolean> {
  const { tenant, kind, at } = notice
  // most of the time there is nothing to recover from: a read costs less than a refused transaction
  if (!(await isOpen(table, notice))) return false
  const condition: Change = {
    key: conditionKey(tenant, kind, keyOf(notice)),
    update: 'SET #recoveredAt = :at',
    condition: `${present} AND #recoveredAt = :none`,
    values: { ':at': at, ':none': null },
  }
  return change(table, notice, 'recovered', [{ update: condition }])
}

async function change(table: Table, notice: NewNotice, to: 'raised' | 'recovered', steps: Step[]): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      await transact(table, [...steps, noticeStep(newNotice(notice, to))])
      return true
    } catch (error) {
      if (!isRefused(error)) throw error
      if ((await isOpen(table, notice)) === (to === 'raised')) return false
      // it met another transaction, which may itself have failed: again; a check that does not hold never will
      if (attempt >= 5) {
        if (steps.some(step => 'check' in step)) return false
        throw error
      }
    }
  }
}

async function isOpen(table: Table, notice: NewNotice): Promise<boolean> {
  const known = await findCondition(table, notice.tenant, notice.kind, keyOf(notice))
  return known?.recoveredAt === null
}

/** @param subject its id, and where there is an aspect `<id>#<aspect>` */
export function findCondition(table: Table, tenant: TenantId | null, kind: Condition['kind'], subject: string) {
  return read(table, Condition, conditionKey(tenant, kind, subject))
}

/**
 * What is raised and has not recovered, of a tenant or (null) of the receiver itself, by name; lazily.
 * @param after only those behind the one of this name (`nameOfCondition`)
 */
export async function* openConditions(
  table: Table,
  tenant: TenantId | null,
  after?: string,
): AsyncGenerator<Condition> {
  const all = prefixed(ownerPartition(tenant), 'C#')
  const range = after === undefined ? all : { ...all, from: `C#${after}` }
  const open = query(table, Condition, range, { expression: '#recoveredAt = :none', values: { ':none': null } })
  for await (const condition of open) if (nameOfCondition(condition) !== after) yield condition
}

/** Unique among the conditions of its owner. */
export function nameOfCondition({ kind, subject, aspect }: Pick<Condition, 'kind' | 'subject' | 'aspect'>): string {
  return `${kind}#${keyOf({ subject, aspect: aspect ?? undefined })}`
}

/** Newest first. */
export async function lastNotices(table: Table, tenant: TenantId | null, limit: number): Promise<OutboxItem[]> {
  const notices: OutboxItem[] = []
  const range = { ...prefixed(noticePartition(tenant), '0'), backwards: true, pageSize: limit }
  for await (const notice of query(table, OutboxItem, range)) if (notices.push(notice) >= limit) break
  return notices
}

function keyOf({ subject, aspect }: { subject: Notice['subject']; aspect?: string | undefined }): string {
  return aspect === undefined ? subject.id : `${subject.id}#${aspect}`
}
