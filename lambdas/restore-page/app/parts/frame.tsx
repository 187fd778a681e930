import type { ComponentChildren } from 'preact'
import { type Language, languages } from '../texts/languages.ts'
import { useWords } from './words.tsx'

/**
 * What is around every state of the page: whose it is, and the language.
 * @param about whether to say what this page is, which only matters to who can restore
 */
export function Frame({ about, children }: { about: boolean; children: ComponentChildren }) {
  const { texts, language, setLanguage, provider, logo } = useWords()
  return (
    <>
      <header>
        <span class="brand">{logo ? <img src={logo} alt={texts.from(provider)} /> : texts.from(provider)}</span>
        <label class="language">
          <span class="unseen">{texts.languageLabel}</span>
          <select value={language} onChange={event => setLanguage(event.currentTarget.value as Language)}>
            {Object.entries(languages).map(([tag, { language }]) => (
              <option key={tag} value={tag} lang={tag}>
                {language}
              </option>
            ))}
          </select>
        </label>
      </header>
      <main>{children}</main>
      {about && (
        <footer>
          <h2>{texts.own.title}</h2>
          <p>{texts.own.whose(provider)}</p>
          <p>{texts.own.without}</p>
        </footer>
      )}
    </>
  )
}

/** A state in which there is one thing to say. @param contact whether to say who can be asked */
export function Message({
  title,
  why,
  contact = false,
  children,
}: {
  title: string
  why?: string
  contact?: boolean
  children?: ComponentChildren
}) {
  return (
    <section class="message">
      <h1>{title}</h1>
      {why && <p>{why}</p>}
      {contact && <WhoToAsk />}
      {children}
    </section>
  )
}

export function WhoToAsk() {
  const { texts, provider, contact } = useWords()
  return <p>{contact ? texts.contact(contact) : texts.contactProvider(provider)}</p>
}
