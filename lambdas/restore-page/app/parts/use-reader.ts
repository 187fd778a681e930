import { useEffect, useMemo, useState } from 'preact/hooks'
import { type Language, languageFor, localeFor } from '../texts/language.ts'
import { Format } from '../words/format.ts'

const tick = 20_000

/** How the person reads: language, time zone, and what time it is for them. */
export function useReader() {
  const [language, setLanguage] = useState<Language>(() => languageFor(navigator.languages))
  const [localZone] = useState(() => new Intl.DateTimeFormat().resolvedOptions().timeZone)
  const [zone, setZone] = useState(localZone)
  const [now, setNow] = useState(Date.now)
  const locale = localeFor(language, navigator.languages)
  const format = useMemo(() => new Format(locale), [locale])
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tick)
    return () => clearInterval(timer)
  }, [])
  return { language, setLanguage, locale, localZone, zone, setZone, now, format }
}

/** What the tab is called, and the language that it is read out in. */
export function useTitle(language: Language, title: string): void {
  useEffect(() => {
    document.documentElement.lang = language
    document.title = title
  }, [language, title])
}
