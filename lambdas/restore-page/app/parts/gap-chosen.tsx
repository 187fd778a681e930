import { boundsOf, gapAt, nearest, type Restorable } from '../moments/restorable.ts'
import { gapWords } from './answer.tsx'
import { Notice } from './notice.tsx'
import { useWords } from './words.tsx'

/** A moment that cannot be restored: why, and what is next to it. */
export function GapChosen({
  restorable,
  time,
  units,
  onTime,
}: {
  restorable: Restorable
  time: number
  /** Of the source that are looked at. */
  units: number
  onTime(time: number): void
}) {
  const words = useWords()
  const { texts, format, zone } = words
  const exact = (time: number) => format.exact(time, zone)
  const gap = gapAt(restorable, time)
  const bounds = boundsOf(restorable)
  const { before, after } = nearest(restorable, time)
  const where =
    !bounds || time < bounds.first.time
      ? texts.gap.before
      : time > bounds.last.time
        ? texts.gap.after
        : texts.gap.between
  return (
    <section aria-label={texts.gap.title}>
      <Notice kind="warning" title={texts.gap.title} urgent>
        <p>{gap ? texts.gap.span(exact(gap.from), exact(gap.to), gapWords(words, gap, units)) : where}</p>
        <div class="buttons">
          {before !== null && (
            <button type="button" onClick={() => onTime(before)}>
              {texts.gap.toBefore(format.exact(before, zone, { seconds: true }))}
            </button>
          )}
          {after !== null && (
            <button type="button" onClick={() => onTime(after)}>
              {texts.gap.toAfter(format.exact(after, zone, { seconds: true }))}
            </button>
          )}
        </div>
      </Notice>
    </section>
  )
}
