import { useMemo, useRef } from 'preact/hooks'
import { seenPart, ticksPath } from '../moments/drawing.ts'
import { isRestorable, type Restorable } from '../moments/restorable.ts'
import { nextStop, type Stop, snap, step } from '../moments/stops.ts'
import { useWords } from './words.tsx'

const minute = 60_000
/** Ticks that are drawn at most, one for each column of the drawing. */
const columns = 1200
/** How near (pixels) a point that is dragged snaps to the end of a backup. */
const reach = 8

/** One day as a line with a point on it. However many backups there are, they are one path. */
export function DayTimeline({
  day,
  span: { from, to },
  restorable,
  stops,
  time,
  onTime,
}: {
  /** `2026-11-05` */
  day: string
  span: { from: number; to: number }
  restorable: Restorable
  stops: Stop[]
  time: number
  onTime(time: number): void
}) {
  const { texts, format, zone } = useWords()
  const track = useRef<HTMLDivElement>(null)
  const ticks = useMemo(
    () =>
      ticksPath(
        stops.map(({ time }) => time),
        from,
        to,
        columns,
      ),
    [stops, from, to],
  )
  const spans = useMemo(() => {
    const seen = (part: { from: number; to: number }) => seenPart(part, from, to) ?? []
    return {
      ranges: restorable.ranges.flatMap(range => seen({ from: range.from.time, to: range.to.time })),
      gaps: restorable.gaps.flatMap(seen),
    }
  }, [restorable, from, to])

  /** Where it was dragged to, in the day that is shown. */
  const drag = (event: PointerEvent) => {
    const box = track.current!.getBoundingClientRect()
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
    const pixel = (to - from) / box.width
    const found = snap(stops, restorable, Math.round(from + share * (to - from - 1)), reach * pixel)
    if (found !== null && found >= from && found < to) onTime(found)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const found = byKey(event.key)
    if (found === undefined) return
    event.preventDefault()
    if (found !== null) onTime(found)
  }
  /** undefined for a key that means nothing here, null where it leads nowhere. */
  const byKey = (key: string): number | null | undefined => {
    switch (key) {
      case 'ArrowLeft':
      case 'ArrowDown':
        return step(restorable, time, -minute)
      case 'ArrowRight':
      case 'ArrowUp':
        return step(restorable, time, minute)
      case 'PageUp':
        return nextStop(stops, time, 1)
      case 'PageDown':
        return nextStop(stops, time, -1)
      case 'Home':
        return snap(stops, restorable, from, 0)
      case 'End':
        return snap(stops, restorable, to - 1000, 0)
      default:
        return undefined
    }
  }
  const x = ((time - from) / (to - from)) * 100
  return (
    <section class="timeline" aria-label={texts.choose.timeline(format.day(day))}>
      <p class="day-name" aria-hidden="true">
        {format.day(day)}
      </p>
      <div
        class="track"
        ref={track}
        onPointerDown={event => {
          event.currentTarget.setPointerCapture(event.pointerId)
          drag(event)
        }}
        onPointerMove={event => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) drag(event)
        }}
      >
        <svg aria-hidden="true" width="100%" height="100%">
          <defs>
            <pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect class="hatch-ground" width="8" height="8" />
              <rect class="hatch-line" width="3" height="8" />
            </pattern>
          </defs>
          {spans.ranges.map(({ x, width }) => (
            <rect key={x} class="range" x={`${x}%`} width={`${width}%`} y="0" height="100%" />
          ))}
          {spans.gaps.map(({ x, width }) => (
            <rect key={x} fill="url(#hatch)" x={`${x}%`} width={`${width}%`} y="0" height="100%" />
          ))}
          <svg
            aria-hidden="true"
            viewBox={`0 0 ${columns} 1`}
            preserveAspectRatio="none"
            width="100%"
            height="40%"
            y="60%"
          >
            <path class="ticks" d={ticks} vector-effect="non-scaling-stroke" />
          </svg>
        </svg>
        <div
          class={isRestorable(restorable, time) ? 'point' : 'point void'}
          style={{ left: `${x}%` }}
          role="slider"
          tabIndex={0}
          aria-label={texts.choose.point}
          aria-valuemin={from}
          aria-valuemax={to}
          aria-valuenow={time}
          aria-valuetext={format.exact(time, zone, { seconds: true })}
          onKeyDown={onKeyDown}
        />
      </div>
      <Hours from={from} to={to} />
      <p class="key" aria-hidden="true">
        <span>
          <i class="sample range" />
          {texts.choose.rangeLegend}
        </span>
        <span>
          <i class="sample hatched" />
          {texts.choose.gapLegend}
        </span>
        <span>
          <i class="sample tick" />
          {texts.choose.tickLegend}
        </span>
      </p>
      <p class="muted hint">{texts.choose.hint}</p>
    </section>
  )
}

/** Every sixth hour of real time, so a day on which clocks change is not drawn wrong. */
function Hours({ from, to }: { from: number; to: number }) {
  const { format, zone } = useWords()
  const hours = [0, 0.25, 0.5, 0.75].map(
    share => from + Math.round(((to - from) * share) / (60 * minute)) * 60 * minute,
  )
  return (
    <div class="hours" aria-hidden="true">
      {hours.map(time => (
        <span key={time} style={{ left: `${((time - from) / (to - from)) * 100}%` }}>
          {format.clock(time, zone)}
        </span>
      ))}
      <span class="last">24:00</span>
    </div>
  )
}
