import type { ComponentChildren } from 'preact'
import { type Language, languageNames } from '../texts/language.ts'
import { useCommonWords } from './words.tsx'

/**
 * What is around every state of a page: whose it is, and the language.
 * @param about what this page is, in the states in which that matters
 */
export function Frame({ about, children }: { about?: ComponentChildren; children: ComponentChildren }) {
  const { texts, language, setLanguage, provider, logo } = useCommonWords()
  return (
    <>
      <header>
        <span class="brand">{logo ? <img src={logo} alt={texts.from(provider)} /> : texts.from(provider)}</span>
        <label class="language">
          <span class="unseen">{texts.languageLabel}</span>
          <select value={language} onChange={event => setLanguage(event.currentTarget.value as Language)}>
            {Object.entries(languageNames).map(([tag, name]) => (
              <option key={tag} value={tag} lang={tag}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </header>
      <main>{children}</main>
      {about && <footer>{about}</footer>}
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
  const { texts, provider, contact } = useCommonWords()
  return <p>{contact ? texts.contact(contact) : texts.contactProvider(provider)}</p>
}
