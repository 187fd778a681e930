import type { NoticeKind } from '../../../../../shared/notice.ts'
import type { Condition, Source, ToldNotice } from '../receiver/answers.ts'

export type Severity = Condition['severity']

/** `overlooked`: a run is overdue and nobody told. It is what would be seen of a watchdog that stands still. */
export type FindingKind = NoticeKind | 'overlooked'

/** One thing that is wrong with a source or its host. */
export interface Finding {
  kind: FindingKind
  /** `full`, `differential`, `log`, `any`; null where it is about no one mode. */
  mode: string | null
  since: string
  severity: Severity
  /** The receiver's own words, in English. */
  text: string | null
}

/** What comes first: whose host is silent, then whose backups do not come, then whose backups are doubtful, then the rest. */
const order: FindingKind[] = [
  'agent-silent',
  'run-missed',
  'run-late',
  'overlooked',
  'run-failing',
  'proof-failed',
  'chain-broken',
  'commit-stuck',
  'quota-hard',
  'recipients-changed',
  'schedule-weakened',
  'size-odd',
  'clock-skew',
  'quota-soft',
  'retention-stuck',
  'webhook-failing',
  'agent-revoked',
  'key-rotated',
  'daily-summary',
  'test',
]

export function rankOf({ kind }: { kind: FindingKind }): number {
  const rank = order.indexOf(kind)
  return rank < 0 ? order.length : rank // of a receiver that is newer than this page
}

/** Where only the list of sources knows of it. A kind that is not here is a warning. */
const severities: Partial<Record<FindingKind, Severity>> = {
  'agent-silent': 'critical',
  'run-missed': 'critical',
  'run-failing': 'critical',
  'proof-failed': 'critical',
  'commit-stuck': 'critical',
  'quota-hard': 'critical',
}

/** The list of sources says less of it than the list of conditions does. */
export function findingOf({ kind, mode, since }: Source['open'][number]): Finding {
  return { kind, mode, since, severity: severities[kind] ?? 'warning', text: null }
}

export function findingOfCondition({ kind, mode, since, severity, text }: Condition): Finding {
  return { kind, mode, since, severity, text }
}

export function findingOfEvent({ kind, at, severity, text }: ToldNotice): Finding {
  return { kind, mode: null, since: at, severity, text }
}

/** The same thing, found in several lists, is one. */
export function keyOf({ kind, mode }: { kind: FindingKind; mode: string | null }): string {
  return `${kind}#${mode ?? ''}`
}
