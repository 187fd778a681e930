import { useEffect, useState } from 'preact/hooks'
import type { Words } from '../../parts/words.tsx'
import type { ConsoleTexts } from '../../texts/console/en.ts'
import { type Answer, answerOf } from '../survey/answer.ts'
import type { QuietState, Survey } from '../survey/survey.ts'
import { useWords } from './use-console.ts'

/** Whether what is known can be relied on: no, where it is too old or the last reading failed. */
export type Trust = 'good' | 'stale' | 'failed'

/** Is everybody safe? In one sentence, and as of when. */
export function AnswerHeading({
  survey,
  trust,
  asOf,
  isReading,
  onRead,
}: {
  survey: Survey
  trust: Trust
  /** Epoch milliseconds. */
  asOf: number
  isReading: boolean
  onRead(): void
}) {
  const words = useWords()
  const { texts, format, zone } = words
  // what it reads by itself disturbs nobody
  const [isAsked, setAsked] = useState(false)
  useEffect(() => {
    if (!isReading) setAsked(false)
  }, [isReading])
  const ask = () => {
    if (isReading) return
    setAsked(true)
    onRead()
  }
  const answer = answerOf(survey)
  const clock = format.clock(asOf, zone)
  const when = trust === 'good' ? clock : format.exact(asOf, zone)
  return (
    <section class={`answer ${trust === 'good' ? answer.kind : 'unknown'}`}>
      <div aria-live="polite">
        <h1>{answerText(words, answer, trust)}</h1>
        {trust === 'stale' && <p>{texts.answer.staleWhy}</p>}
        {trust === 'failed' && <p>{texts.answer.failedWhy(when)}</p>}
        {trust === 'good' && answer.kind === 'nothing' && <p>{texts.answer.nothingWhy}</p>}
        {trust === 'good' && answer.kind === 'needs' && answer.needs > 0 && answer.others > 0 && (
          <p>{texts.answer.andOthers(answer.others, format.number(answer.others))}</p>
        )}
        {trust === 'good' && survey.quiet.length > 0 && <p>{quietText(words, survey)}</p>}
      </div>
      <div class="freshness">
        <p class="muted">
          {trust === 'good' && `${texts.answer.asOf(clock)} `}
          {texts.answer.zone(zone.replaceAll('_', ' '))}
        </p>
        <button type="button" aria-disabled={isReading} onClick={ask}>
          {isReading && isAsked ? texts.answer.readingAgain : texts.answer.again}
        </button>
      </div>
    </section>
  )
}

type Said = Pick<Words<ConsoleTexts>, 'texts' | 'format'>

function answerText({ texts, format }: Said, answer: Answer, trust: Trust): string {
  const said = texts.answer
  if (trust !== 'good') return trust === 'stale' ? said.stale : said.failed
  const number = (count: number) => format.number(count)
  switch (answer.kind) {
    case 'nothing':
      return said.nothing
    case 'safe':
      return said.safe(answer.sources, number(answer.sources), answer.customers, number(answer.customers))
    case 'quiet':
      return said.quiet(number(answer.safe), number(answer.sources))
    case 'needs':
      return answer.needs > 0
        ? said.needs(answer.needs, number(answer.needs), number(answer.sources))
        : said.needsOthers(answer.others, number(answer.others))
  }
}

const quietStates: QuietState[] = ['never', 'suspended', 'unwatched']

/** Of the sources that are neither wrong nor safe, how many are so and why. */
function quietText({ texts, format }: Said, { quiet }: Survey): string {
  const said = quietStates.flatMap(state => {
    const count = quiet.filter(standing => standing.state === state).length
    return count === 0 ? [] : [texts.answer.states(state, count, format.number(count))]
  })
  const sentence = format.list(said)
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`
}
