import { useWords } from './use-console.ts'

/** How long something is good for. @param lifetimes seconds, of which one is chosen */
export function LifetimeSelect({
  label,
  lifetimes,
  seconds,
  onSeconds,
}: {
  label: string
  lifetimes: readonly number[]
  seconds: number
  onSeconds(seconds: number): void
}) {
  const { format } = useWords()
  return (
    <label>
      {label}
      <select value={seconds} onChange={event => onSeconds(Number(event.currentTarget.value))}>
        {lifetimes.map(lifetime => (
          <option key={lifetime} value={lifetime}>
            {format.duration(lifetime)}
          </option>
        ))}
      </select>
    </label>
  )
}
