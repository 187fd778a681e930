import { useCommonWords } from './words.tsx'

/** How long ago, and exactly when on hover, on focus and for screen readers. */
export function When({ time }: { time: number }) {
  const { format, zone, now } = useCommonWords()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the exact time must be reachable by keyboard
    <time class="when" dateTime={new Date(time).toISOString()} tabIndex={0}>
      {format.relative(time, now)}
      <span class="exact"> ({format.exact(time, zone)})</span>
    </time>
  )
}

/** Exactly when. */
export function Exact({ time, seconds = false }: { time: number; seconds?: boolean }) {
  const { format, zone } = useCommonWords()
  return <time dateTime={new Date(time).toISOString()}>{format.exact(time, zone, { seconds })}</time>
}
