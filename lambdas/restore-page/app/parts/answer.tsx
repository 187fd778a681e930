import { gapReason } from '../moments/gap-reason.ts'
import { type Gap, type Restorable, rangeAt } from '../moments/restorable.ts'
import type { History } from '../receiver/history.ts'
import type { Texts } from '../texts/en.ts'
import { Notice } from './notice.tsx'
import { Exact, When } from './when.tsx'
import { useWords, type Words } from './words.tsx'

const gapsShown = 3
const failures = new Set(['failed', 'failed-source-advanced', 'missed'])

/** What can be restored, in one sentence, and what cannot. */
export function Answer({
  source,
  restorable,
  history,
  units,
}: {
  source: string
  restorable: Restorable
  history: History
  units: string[] | null
}) {
  const { texts } = useWords()
  const run = [...history.runs].sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))[0]
  const isUnproven =
    history.complete &&
    history.snapshots.length > 0 &&
    !history.snapshots.some(({ proof }) => proof?.outcome === 'passed')
  return (
    <section class="answer" aria-label={texts.title(source)}>
      <Sentence source={source} restorable={restorable} hasSnapshots={history.snapshots.length > 0} />
      {restorable.ranges.length > 0 && <Gaps gaps={restorable.gaps} units={(units ?? history.units).length} />}
      {run && failures.has(run.outcome) && (
        <Notice kind="warning">
          <p>
            {texts.answer.lastFailed}, <When time={Date.parse(run.startedAt)} />
            {run.message ? `: ${run.message}` : '.'}
          </p>
        </Notice>
      )}
      {isUnproven && <p class="muted">{texts.answer.unproven}</p>}
    </section>
  )
}

function Sentence({
  source,
  restorable,
  hasSnapshots,
}: {
  source: string
  restorable: Restorable
  hasSnapshots: boolean
}) {
  const { texts, format } = useWords()
  const { ranges, points } = restorable
  const [first, last] = [ranges[0], ranges.at(-1)]
  if (first && last && first.from.time < last.to.time && ranges.some(({ from, to }) => from.time < to.time)) {
    const { before, after } = texts.answer.any(source)
    return (
      <h1>
        {before}
        <em>{source}</em>
        {after}
        <Exact time={first.from.time} />
        {texts.answer.and}
        <When time={last.to.time} />
        {texts.answer.end}
      </h1>
    )
  }
  const moments = [
    ...ranges.map(({ to }) => to.time),
    ...points.filter(({ time }) => !rangeAt(ranges, time)).map(({ time }) => time),
  ]
  if (moments.length === 0) {
    const { before, after } = hasSnapshots ? texts.answer.noneTogether(source) : texts.answer.none(source)
    return (
      <>
        <h1>
          {before}
          <em>{source}</em>
          {after}
        </h1>
        <p>{hasSnapshots ? texts.answer.noneTogetherWhy : texts.answer.noneWhy}</p>
      </>
    )
  }
  const { before, after } =
    moments.length === 1 ? texts.answer.one(source) : texts.answer.moments(source, format.number(moments.length))
  return (
    <h1>
      {before}
      <em>{source}</em>
      {after}
      <When time={Math.max(...moments)} />.
    </h1>
  )
}

function Gaps({ gaps, units }: { gaps: Gap[]; units: number }) {
  const { texts } = useWords()
  if (gaps.length === 0) return null
  const newest = [...gaps].reverse()
  return (
    <div class="gaps">
      <p>{texts.answer.gaps(gaps.length)}</p>
      <GapList gaps={newest.slice(0, gapsShown)} units={units} />
      {newest.length > gapsShown && (
        <details>
          <summary>{texts.answer.moreGaps(newest.length - gapsShown)}</summary>
          <GapList gaps={newest.slice(gapsShown, 200)} units={units} />
        </details>
      )}
    </div>
  )
}

function GapList({ gaps, units }: { gaps: Gap[]; units: number }) {
  const words = useWords()
  return (
    <ul>
      {gaps.map(gap => (
        <li key={`${gap.from} ${gap.to}`}>
          <span class="hatched" aria-hidden="true" />
          <Exact time={gap.from} /> – <Exact time={gap.to} />: {gapWords(words, gap, units)}
        </li>
      ))}
    </ul>
  )
}

/** Why there is a gap: each reason once, with the units it is about where there are others. @param units of the source that are looked at */
export function gapWords({ texts, format }: Pick<Words<Texts>, 'texts' | 'format'>, gap: Gap, units: number): string {
  const byReason = new Map<string, string[]>()
  for (const { unit, reason } of gap.reasons) {
    const said = texts.gap.reason(gapReason(reason))
    byReason.set(said, [...(byReason.get(said) ?? []), unit])
  }
  return [...byReason]
    .map(([said, about]) => (about.length === units ? said : texts.gap.of(unitWords(about), said)))
    .join('; ')

  function unitWords(about: string[]): string {
    return about.length > 5 ? texts.gap.units(format.number(about.length)) : format.list(about)
  }
}
