import { useState } from 'preact/hooks'
import type { Session } from '../receiver/answers.ts'
import { Ago } from './ago.tsx'
import { Sure } from './sure.tsx'
import { useConsole, useWords } from './use-console.ts'

/** Who opened the console and how long it stays open, and its end before that. */
export function SessionPanel({ session }: { session: Session }) {
  const { texts } = useWords()
  const { receiver, onEnded } = useConsole()
  const [isAsking, setAsking] = useState(false)
  const said = texts.session
  return (
    <section aria-labelledby="session">
      <h2 id="session">{said.title}</h2>
      <dl class="facts">
        <div>
          <dt>{said.ends}</dt>
          <dd>
            <Ago time={session.expiresAt} />
          </dd>
        </div>
        <div>
          <dt>{said.since}</dt>
          <dd>
            <Ago time={session.createdAt} />
          </dd>
        </div>
        <div class="wide">
          <dt>{said.by}</dt>
          <dd>{session.openedBy}</dd>
        </div>
        <div class="wide">
          <dt>{said.receiver}</dt>
          <dd>
            {session.receiver.name} <span class="muted">{session.receiver.id}</span>
          </dd>
        </div>
      </dl>
      <button type="button" onClick={() => setAsking(true)}>
        {said.end}
      </button>
      {isAsking && (
        <Sure
          title={said.sure}
          why={said.sureWhy}
          yes={said.yes}
          no={said.no}
          work={() => receiver.end()}
          onDone={() => onEnded(true)}
          onClose={() => setAsking(false)}
        />
      )}
    </section>
  )
}
