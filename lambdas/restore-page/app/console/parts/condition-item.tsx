import type { Condition } from '../receiver/answers.ts'
import { Since } from './ago.tsx'
import { Item, Receiver } from './standing-item.tsx'
import { useWords } from './use-console.ts'

/** Something that was told and belongs to no source that is listed. */
export function ConditionItem({ told, customerOf }: { told: Condition; customerOf(tenant: string): string }) {
  const { texts } = useWords()
  const { tenant, kind, mode, subject, severity, since, text } = told
  const of = subject.type === 'tenant' ? (tenant ?? subject.name) : subject.name
  const whose = tenant === null ? texts.needs.receiver : customerOf(tenant)
  return (
    <Item
      severity={severity}
      title={
        subject.type === 'tenant' ? (
          whose
        ) : (
          <>
            {subject.name} <span class="muted">· {whose}</span>
          </>
        )
      }
    >
      <p class="what">
        {texts.findings[kind]?.(mode) ?? kind}
        <Since time={since} />
      </p>
      <Receiver of={of} texts={[text]} />
    </Item>
  )
}
