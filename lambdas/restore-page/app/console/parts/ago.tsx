import { useWords } from './use-console.ts'

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
