import { useRef, useState } from 'preact/hooks'
import { type Day, type DayState, dayByKey } from '../moments/days.ts'
import { useWords } from './words.tsx'

const states: DayState[] = ['proven', 'stored', 'warning', 'missed', 'none']

/** A cell for each day, a column for each week; arrow keys go from day to day. */
export function Calendar({
  days,
  chosen,
  loading,
  onChoose,
  onEarlier,
  onLater,
}: {
  days: Day[]
  /** `2026-11-05` */
  chosen: string
  loading: boolean
  onChoose(day: Day): void
  onEarlier: (() => void) | undefined
  onLater: (() => void) | undefined
}) {
  const { texts, format } = useWords()
  const grid = useRef<HTMLTableElement>(null)
  const weekday = (day: string) => (new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7
  const offset = weekday(days[0]!.day)
  const columns = Math.ceil((offset + days.length) / 7)
  const chosenIndex = days.findIndex(({ day }) => day === chosen)
  const tabStop = chosenIndex < 0 ? days.length - 1 : chosenIndex
  const label = ({ day, state, snapshots }: Day) =>
    texts.choose.cell(format.day(day), texts.choose.states[state], texts.choose.backups(snapshots))

  const onKeyDown = (event: KeyboardEvent, index: number) => {
    const to = dayByKey(event.key, index, days.length)
    if (to === undefined) return
    event.preventDefault()
    onChoose(days[to]!)
    grid.current?.querySelector<HTMLElement>(`[data-day="${days[to]!.day}"]`)?.focus()
  }
  return (
    <div class="calendar">
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table with a focus of its own is a grid */}
      <table role="grid" aria-label={texts.choose.calendar} ref={grid}>
        <thead aria-hidden="true">
          <tr>
            {monthsOf(days, offset, columns).map(({ day, begins }) => (
              <td key={day}>{begins ? format.month(day) : ''}</td>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: 7 }, (_, row) => (
            <tr key={row}>
              {Array.from({ length: columns }, (_, column) => {
                const index = column * 7 + row - offset
                const day = days[index]
                if (!day) return <td key={`${row} ${column}`} />
                const said = label(day)
                return (
                  <td key={day.day}>
                    <button
                      type="button"
                      class={`day ${day.state}`}
                      data-day={day.day}
                      tabIndex={index === tabStop ? 0 : -1}
                      aria-label={said}
                      aria-current={day.day === chosen ? 'date' : undefined}
                      title={said}
                      onClick={() => onChoose(day)}
                      onKeyDown={event => onKeyDown(event, index)}
                    />
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <ul class="legend">
        {states.map(state => (
          <li key={state}>
            <span class={`day ${state}`} aria-hidden="true" />
            <span>
              {texts.choose.states[state]}
              <span class="unseen">: {texts.choose.explain[state]}</span>
            </span>
          </li>
        ))}
      </ul>
      <div class="buttons small">
        {onEarlier && (
          <button type="button" onClick={onEarlier}>
            {texts.choose.earlier}
          </button>
        )}
        {onLater && (
          <button type="button" onClick={onLater}>
            {texts.choose.later}
          </button>
        )}
        {loading && (
          <span class="muted" role="status">
            {texts.loadingMore}
          </span>
        )}
      </div>
      <DayTable days={days} />
    </div>
  )
}

/** The first day of each column, and whether a month is to be named there: one that begins, or goes on for a column at least. */
function monthsOf(days: Day[], offset: number, columns: number): { day: string; begins: boolean }[] {
  const firsts = Array.from({ length: columns }, (_, column) => days[Math.max(0, column * 7 - offset)]!.day)
  const month = (day: string | undefined) => day?.slice(0, 7)
  return firsts.map((day, i) => ({
    day,
    begins: i === 0 ? month(day) === month(firsts[1]) : month(day) !== month(firsts[i - 1]),
  }))
}

/** The same for who reads it, or hears it. Days of which nothing is known are left out. It is made when it is unfolded. */
function DayTable({ days }: { days: Day[] }) {
  const { texts } = useWords()
  const [open, setOpen] = useState(false)
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{texts.choose.table}</summary>
      {open && <DayRows days={days} />}
    </details>
  )
}

function DayRows({ days }: { days: Day[] }) {
  const { texts, format } = useWords()
  return (
    <div class="scrolling">
      <table>
        <thead>
          <tr>
            <th scope="col">{texts.choose.columns.day}</th>
            <th scope="col">{texts.choose.columns.state}</th>
            <th scope="col">{texts.choose.columns.backups}</th>
          </tr>
        </thead>
        <tbody>
          {days
            .filter(({ state }) => state !== 'none')
            .reverse()
            .map(({ day, state, snapshots }) => (
              <tr key={day}>
                <th scope="row">{format.day(day)}</th>
                <td>{texts.choose.states[state]}</td>
                <td class="number">{format.number(snapshots)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  )
}
