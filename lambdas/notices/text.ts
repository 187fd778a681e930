import type { Notice } from '../../shared/notice.ts'

const subjectLimit = 100

const states: Record<Notice['state'], string> = {
  raised: 'raised',
  recovered: 'recovered',
  event: 'notice',
  summary: 'summary',
}

/** What a mailbox shows: printable ASCII on one line, 100 characters at most, as SNS wants it. */
export function subjectLine({ kind, state, severity, tenant, subject }: Notice): string {
  const what = state === 'raised' ? `${severity}: ${kind}` : state === 'summary' ? kind : `${states[state]}: ${kind}`
  const line = `[FailSafe] ${what} ${tenant ?? 'receiver'}/${subject.name}`
  return line.replace(/[^\x20-\x7e]/g, '?').slice(0, subjectLimit)
}
