import { useWords } from './words.tsx'

/** That a use of the link goes with it, where uses are counted. */
export function UseNote({ left }: { left: number | null }) {
  const { texts } = useWords()
  if (left === null) return null
  return <p class="muted">{left <= 1 ? texts.ways.usesLast : texts.ways.uses}</p>
}
