import { useWords } from './use-console.ts'

/** @param next how many more are shown then; no button when there are none */
export function More({ next, onMore }: { next: number; onMore(): void }) {
  const { texts, format } = useWords()
  if (next === 0) return null
  return (
    <button type="button" onClick={onMore}>
      {texts.needs.showMore(format.number(next))}
    </button>
  )
}
