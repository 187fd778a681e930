import { useMemo, useState } from 'preact/hooks'
import { matching } from '../../words/matching.ts'
import type { Standing } from '../survey/survey.ts'
import { engines } from '../words/engines.ts'
import { Ago } from './ago.tsx'
import { More } from './more.tsx'
import { Scrolling } from './scrolling.tsx'
import { SearchField } from './search-field.tsx'
import { useWords } from './use-console.ts'
import { useSome } from './use-some.ts'

/** The many of which nothing has to be said: a count, and behind it a list to search. */
export function SafeSources({ safe }: { safe: Standing[] }) {
  const { texts, format } = useWords()
  const [isOpen, setOpen] = useState(false)
  if (safe.length === 0) return null
  return (
    <section class="safe">
      <details onToggle={event => setOpen(event.currentTarget.open)}>
        <summary>
          <h2>{texts.safe.title(safe.length, format.number(safe.length))}</h2>
        </summary>
        {isOpen && <SafeList safe={safe} />}
      </details>
    </section>
  )
}

function SafeList({ safe }: { safe: Standing[] }) {
  const { texts, format } = useWords()
  const [words, setWords] = useState('')
  const found = useMemo(() => {
    const matches = matching(words)
    return safe.filter(({ source, customer }) =>
      matches([customer, source.tenant, source.name, source.agentName, engines[source.engine]].join(' ')),
    )
  }, [safe, words])
  const some = useSome(found)
  return (
    <>
      <p class="muted">{texts.safe.why}</p>
      <SearchField
        label={texts.safe.search}
        words={words}
        onWords={words => {
          setWords(words)
          some.restart()
        }}
      />
      <p class="muted" role="status">
        {found.length === 0
          ? texts.safe.none
          : texts.needs.shown(format.number(some.shown.length), format.number(safe.length))}
      </p>
      {found.length > 0 && (
        <Scrolling name={texts.safe.title(safe.length, format.number(safe.length))}>
          <table>
            <thead>
              <tr>
                <th scope="col">{texts.safe.customer}</th>
                <th scope="col">{texts.safe.source}</th>
                <th scope="col">{texts.needs.host}</th>
                <th scope="col">{texts.needs.lastBackup}</th>
                <th scope="col">{texts.needs.expected}</th>
                <th scope="col">{texts.needs.lastCall}</th>
              </tr>
            </thead>
            <tbody>
              {some.shown.map(({ source, customer }) => (
                <tr key={source.source}>
                  <td>{customer}</td>
                  <th scope="row">
                    {source.name}
                    <span class="muted"> · {engines[source.engine]}</span>
                  </th>
                  <td>{source.agentName}</td>
                  <td>{source.lastReceivedAt && <Ago time={source.lastReceivedAt} />}</td>
                  <td>{source.nextExpected && <Ago time={source.nextExpected} />}</td>
                  <td>{source.lastSeen && <Ago time={source.lastSeen} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolling>
      )}
      <More next={some.next} onMore={some.showMore} />
    </>
  )
}
