import { useWords } from './words.tsx'

/** Whose code this page is, and that there are ways without it: it matters to who can restore. */
export function About() {
  const { texts, provider } = useWords()
  return (
    <>
      <h2>{texts.own.title}</h2>
      <p>{texts.own.whose(provider)}</p>
      <p>{texts.own.without}</p>
    </>
  )
}
