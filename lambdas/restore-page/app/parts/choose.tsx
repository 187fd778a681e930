import { useMemo } from 'preact/hooks'
import { coordinateAt } from '../moments/coordinate.ts'
import { daysOf } from '../moments/days.ts'
import { boundsOf, nearest, type Restorable } from '../moments/restorable.ts'
import { nextStop, type Stop } from '../moments/stops.ts'
import { addDays, dayOf, offsetText, startOfDay, wallText } from '../moments/zone.ts'
import type { LinkInfo } from '../receiver/answers.ts'
import { type History, windowDays } from '../receiver/history.ts'
import { Calendar } from './calendar.tsx'
import { DayTimeline } from './day-timeline.tsx'
import { ExactTime } from './exact-time.tsx'
import { When } from './when.tsx'
import { useWords } from './words.tsx'

const unitsShown = 5

/** Calendar, the day's timeline and the exact time: three ways to one moment. */
export function Choose({
  link,
  history,
  restorable,
  stops,
  units,
  time,
  isNewest,
  onTime,
  onWindow,
}: {
  link: LinkInfo
  history: History
  restorable: Restorable
  stops: Stop[]
  units: string[] | null
  /** Chosen: epoch milliseconds. */
  time: number
  isNewest: boolean
  onTime(time: number): void
  /** @param end of the window to show, epoch milliseconds; null for the one that ends now */
  onWindow(end: number | null): void
}) {
  const { texts, format, zone, localZone, setZone } = useWords()
  const days = useMemo(
    () =>
      daysOf({
        zone,
        until: history.until - 1,
        count: windowDays,
        snapshots: history.snapshots,
        runs: history.runs,
        gaps: restorable.gaps,
      }),
    [zone, history, restorable],
  )
  const day = dayOf(zone, time)
  const span = { from: startOfDay(zone, day), to: startOfDay(zone, addDays(day, 1)) }
  const latest = boundsOf(restorable)?.last.time
  const [previous, next] = [nextStop(stops, time, -1), nextStop(stops, time, 1)]

  // nine in ten steps of the point stay within a day: then there is nothing of the calendar to work out again
  const calendar = useMemo(() => {
    /** The last moment of a day that can be restored; noon of a day that has none, so that the page says why. */
    const chooseDay = ({ from, to }: { from: number; to: number }) => {
      const { before } = nearest(restorable, to - 1000)
      onTime(before !== null && before >= from ? before : from + 12 * 3_600_000)
    }
    return (
      <Calendar
        days={days}
        chosen={day}
        onChoose={chooseDay}
        loading={!history.complete}
        onEarlier={history.hasEarlier ? () => onWindow(history.from) : undefined}
        onLater={isNewest ? undefined : () => onWindow(null)}
      />
    )
  }, [days, day, restorable, history, isNewest, onTime, onWindow])
  return (
    <section class="choose" aria-labelledby="choose">
      <div class="heading">
        <h2 id="choose">{texts.choose.title}</h2>
        {localZone !== 'UTC' && (
          <label class="inline">
            {texts.choose.zone}
            <select value={zone} onChange={event => setZone(event.currentTarget.value)}>
              <option value={localZone}>{localZone.replaceAll('_', ' ')}</option>
              <option value="UTC">UTC</option>
            </select>
          </label>
        )}
      </div>
      {calendar}
      <DayTimeline day={day} span={span} restorable={restorable} stops={stops} time={time} onTime={onTime} />
      <div class="buttons">
        <button type="button" disabled={previous === null} onClick={() => previous !== null && onTime(previous)}>
          {texts.choose.previous}
        </button>
        <button type="button" disabled={next === null} onClick={() => next !== null && onTime(next)}>
          {texts.choose.next}
        </button>
        <button
          type="button"
          disabled={latest === undefined || latest === time}
          onClick={() => latest !== undefined && onTime(latest)}
        >
          {texts.choose.latest}
        </button>
      </div>
      <dl class="chosen">
        <dt>{texts.choose.chosen}</dt>
        <dd>
          <strong>{format.exact(time, zone, { seconds: true })}</strong> {offsetText(zone, time)}
          <br />
          {zone !== 'UTC' && <span class="muted">{wallText('UTC', time)} UTC, </span>}
          <span class="muted">
            <When time={time} />
          </span>
        </dd>
        <Coordinates link={link} history={history} units={units} time={time} />
      </dl>
      <ExactTime time={time} onTime={onTime} />
    </section>
  )
}

/** Where the moment lies in the engine's own log. */
function Coordinates({
  link,
  history,
  units,
  time,
}: {
  link: LinkInfo
  history: History
  units: string[] | null
  time: number
}) {
  const { texts } = useWords()
  const all = useMemo(() => units ?? history.units.map(({ unit }) => unit), [units, history.units])
  const coordinates = all.slice(0, unitsShown).flatMap(unit => {
    const coordinate = coordinateAt(link.engine, history.snapshots, unit, time)
    return coordinate ? { unit, ...coordinate } : []
  })
  if (coordinates.length === 0) return null
  return (
    <>
      <dt>{texts.choose.position}</dt>
      {coordinates.map(({ unit, name, from, to }) => (
        <dd key={unit}>
          {all.length > 1 && `${unit}: `}
          {name} <code>{from === to ? to : texts.choose.between(from, to)}</code>
        </dd>
      ))}
    </>
  )
}
