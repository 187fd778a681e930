import { useWords } from './words.tsx'

/** That a use of the link goes with it, where uses are counted. @param granted whether this very restore was counted already */
export function UseNote({ left, granted }: { left: number | null; granted: boolean }) {
  const { texts } = useWords()
  if (left === null) return null
  const { usesAgain, usesNone, usesLast, uses } = texts.ways
  return <p class="muted">{granted ? usesAgain : left === 0 ? usesNone : left === 1 ? usesLast : uses}</p>
}
