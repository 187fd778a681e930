import { useWords } from './use-console.ts'

/** Since when, and how long that is. @param time RFC 3339 */
export function Since({ time }: { time: string }) {
  const { texts, format, zone, now } = useWords()
  const at = Date.parse(time)
  return (
    <span class="muted">
      {' · '}
      {texts.needs.since} <time dateTime={time}>{format.exact(at, zone)}</time> ({format.relative(at, now)})
    </span>
  )
}

/** How long ago or in how long, and exactly when. @param time RFC 3339 */
export function Ago({ time }: { time: string }) {
  const { format, zone, now } = useWords()
  const at = Date.parse(time)
  return (
    <time dateTime={time}>
      {format.relative(at, now)} <span class="exactly">{format.exact(at, zone)}</span>
    </time>
  )
}
