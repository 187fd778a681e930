import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import { Code } from '../../parts/copy.tsx'
import { Frame, Message } from '../../parts/frame.tsx'
import { NoConnection } from '../../parts/no-connection.tsx'
import { useReader, useTitle } from '../../parts/use-reader.ts'
import { type Brand, WordsContext } from '../../parts/words.tsx'
import { languages } from '../../texts/console/languages.ts'
import { ConsoleReceiver } from '../receiver/receiver.ts'
import { answerOf } from '../survey/answer.ts'
import { surveyOf } from '../survey/survey.ts'
import { Open } from './open.tsx'
import { TroubleNotice } from './trouble-notice.tsx'
import { ConsoleContext } from './use-console.ts'
import { useEverything } from './use-everything.ts'

/** Three readings were missed: the tab was not seen, or the computer asleep. */
const staleAfter = 180_000

/** @param secret of the console's link; empty where the address has none */
export function ConsolePage({ brand, secret }: { brand: Brand; secret: string }) {
  const reader = useReader()
  const [receiver] = useState(() => new ConsoleReceiver(secret))
  const [ended, setEnded] = useState<'here' | 'elsewhere'>()
  const [attempt, setAttempt] = useState(0)
  const reading = useEverything(receiver, secret !== '' && !ended, attempt)
  const { known, trouble, isReading, soFar } = reading
  const texts = languages[reader.language]

  const onEnded = useCallback((here = false) => setEnded(before => before ?? (here ? 'here' : 'elsewhere')), [])
  const onRead = useCallback(() => setAttempt(count => count + 1), [])
  const console = useMemo(() => ({ receiver, onEnded }), [receiver, onEnded])
  useEffect(() => {
    if (trouble?.kind === 'ended') onEnded()
  }, [trouble, onEnded])
  useEffect(() => {
    if (!known) return
    const left = Date.parse(known.session.expiresAt) - known.ahead - Date.now()
    const timer = setTimeout(onEnded, Math.max(0, left))
    return () => clearTimeout(timer)
  }, [known, onEnded])

  const survey = useMemo(() => known && surveyOf(known, known.asOf), [known])
  const isStale = known !== undefined && Date.now() + known.ahead - known.asOf > staleAfter
  const trust = trouble ? 'failed' : isStale ? 'stale' : 'good'
  const isOpen = !ended && trouble?.kind !== 'ended' && survey !== undefined
  useTitle(reader.language, titleNow())

  return (
    <WordsContext.Provider value={{ ...brand, ...reader, now: reader.now + (known?.ahead ?? 0), texts }}>
      <ConsoleContext.Provider value={console}>
        <Frame>{content()}</Frame>
      </ConsoleContext.Provider>
    </WordsContext.Provider>
  )

  function content() {
    if (secret === '') return <Message title={texts.noSecret.title} why={texts.noSecret.why} />
    if (ended || trouble?.kind === 'ended')
      return (
        <Message title={texts.ended.title} why={ended === 'here' ? texts.ended.here : texts.ended.why}>
          <p>{texts.ended.again}:</p>
          <Code name={texts.title} text="failsafe-admin console" />
        </Message>
      )
    if (known && survey)
      return <Open known={known} survey={survey} trust={trust} isReading={isReading} onRead={onRead} />
    if (isReading || !trouble)
      return (
        <Message title={texts.reading}>
          <p class="muted" role="status">
            {soFar > 0 && texts.readingSoFar(reader.format.number(soFar))}
          </p>
        </Message>
      )
    if (trouble.kind === 'unreachable') return <NoConnection onRetry={onRead} />
    return <TroubleNotice trouble={trouble} onRetry={onRead} />
  }

  /** So that a tab that is only glanced at answers as well. */
  function titleNow(): string {
    const of = (state: string) => `${state} · ${texts.from(brand.provider)}`
    if (!isOpen) return texts.from(brand.provider)
    if (trust !== 'good') return of(texts.titles.unknown)
    const answer = answerOf(survey)
    if (answer.kind === 'needs') return of(texts.titles.needs(reader.format.number(answer.needs + answer.others)))
    return answer.kind === 'safe' ? of(texts.titles.safe) : texts.from(brand.provider)
  }
}
