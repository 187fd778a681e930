import { z } from 'zod'
import { TenantId } from './ids.ts'

/** What the provider is told of, each kind with what it means. A kind, once released, keeps its meaning. */
export const noticeKinds = {
  'run-late': 'a run that was expected has not begun or not committed in time',
  'run-missed': 'the next run is due and the one before it never came',
  'run-failing': 'several runs in a row have failed',
  'size-odd': 'a snapshot is much larger or smaller than those before it',
  'agent-silent': 'an agent has not called for longer than its schedules allow',
  'schedule-weakened': 'a host asks for fewer runs than before, or fewer than the provider expects',
  'recipients-changed': 'an agent seals to other recipients than before',
  'proof-failed': 'a verify or a drill found a snapshot unreadable',
  'clock-skew': "a host's clock is more than ten minutes off",
  'chain-broken': 'logs do not continue one another, and no full or differential has bridged the gap yet',
  'commit-stuck': 'a commit that began cannot be finished',
  'quota-soft': 'a tenant stores more than its soft quota',
  'quota-hard': 'a tenant has reached its hard quota: uploads are refused',
  'retention-stuck': 'snapshots that are past their retention cannot be removed',
  'webhook-failing': 'a webhook does not take what it is sent',
  'agent-revoked': 'an agent was revoked or replaced',
  'key-rotated': 'an agent signs with a new key',
  'daily-summary': 'the day of a tenant in figures',
  test: 'the provider tries a webhook',
} as const

export const NoticeKind = z.enum(
  Object.keys(noticeKinds) as [keyof typeof noticeKinds, ...(keyof typeof noticeKinds)[]],
)
export type NoticeKind = z.infer<typeof NoticeKind>

/** One message to the provider (`failsafe.notice/1`), as the topic and the webhooks carry it. */
export const Notice = z.object({
  format: z.literal('failsafe.notice/1'),
  /** A ULID: the same notice delivered twice has the same one. */
  id: z.string(),
  at: z.iso.datetime(),
  receiver: z.string(),
  /** null: it is about the receiver itself. */
  tenant: TenantId.nullable(),
  kind: NoticeKind,
  /** A condition is raised once and recovers once; an event only happened; a summary is regular. */
  state: z.enum(['raised', 'recovered', 'event', 'summary']),
  severity: z.enum(['info', 'warning', 'critical']),
  subject: z.object({ type: z.enum(['source', 'agent', 'tenant', 'webhook']), id: z.string(), name: z.string() }),
  /** One or two plain sentences: what, why, what to do. */
  text: z.string(),
  detail: z.record(z.string(), z.unknown()).optional(),
})
export type Notice = z.infer<typeof Notice>
