import type { ComponentChildren } from 'preact'
import type { Severity } from '../survey/finding.ts'
import type { Standing } from '../survey/survey.ts'
import { engines } from '../words/engines.ts'
import { Ago, Since } from './ago.tsx'
import { useWords } from './use-console.ts'

/** A source that somebody should look at: whose it is, what is wrong with it, and when it was well. */
export function StandingItem({ standing }: { standing: Standing }) {
  const { texts } = useWords()
  const { source, customer, findings } = standing
  const worst = findings[0]!
  return (
    <Item severity={worst.severity} title={<SourceTitle standing={standing} />}>
      {findings.map(({ kind, mode, since }) => (
        <p key={`${kind} ${mode}`} class="what">
          {texts.findings[kind]?.(mode) ?? kind}
          <Since time={since} />
        </p>
      ))}
      <SourceFacts standing={standing} />
      <Receiver
        of={`${source.name}, ${customer}`}
        texts={findings.flatMap(({ text }) => (text === null ? [] : [text]))}
      />
    </Item>
  )
}

/** @param severity null where nothing is wrong */
export function Item({
  severity,
  title,
  children,
}: {
  severity: Severity | null
  title: ComponentChildren
  children: ComponentChildren
}) {
  const { texts } = useWords()
  return (
    <li class={`item ${severity ?? ''}`}>
      <h3>
        {severity && <span class="severity">{texts.needs.severities[severity]}</span>}
        {title}
      </h3>
      {children}
    </li>
  )
}

export function SourceTitle({ standing: { source, customer } }: { standing: Standing }) {
  return (
    <>
      {source.name} <span class="muted">· {customer}</span>
    </>
  )
}

export function SourceFacts({ standing: { source } }: { standing: Standing }) {
  const { texts } = useWords()
  const said = texts.needs
  return (
    <dl class="facts">
      <div>
        <dt>{said.host}</dt>
        <dd>
          {source.agentName}
          <span class="muted"> · {engines[source.engine]}</span>
        </dd>
      </div>
      <div>
        <dt>{said.lastCall}</dt>
        <dd>{source.lastSeen === null ? said.never : <Ago time={source.lastSeen} />}</dd>
      </div>
      <div>
        <dt>{said.lastBackup}</dt>
        <dd>{source.lastReceivedAt === null ? said.never : <Ago time={source.lastReceivedAt} />}</dd>
      </div>
      <div>
        <dt>{said.expected}</dt>
        <dd>{source.nextExpected === null ? said.nobody : <Ago time={source.nextExpected} />}</dd>
      </div>
    </dl>
  )
}

/** The notice itself, which the receiver writes in English and which says what to do. */
export function Receiver({ of, texts: said }: { of: string; texts: string[] }) {
  const { texts } = useWords()
  if (said.length === 0) return null
  return (
    <details>
      <summary aria-label={texts.needs.moreOf(of)}>{texts.needs.more}</summary>
      {said.map(text => (
        <p key={text} lang="en">
          {text}
        </p>
      ))}
    </details>
  )
}
