import { de } from './de.ts'
import { en, type Texts } from './en.ts'

/** Every language that the page speaks. */
export const languages = { en, de } satisfies Record<string, Texts>
export type Language = keyof typeof languages

/** The first of a browser's languages that the page speaks; English otherwise. @param wanted as in `navigator.languages` */
export function languageFor(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = languageOf(tag)
    if (language === 'en' || language === 'de') return language
  }
  return 'en'
}

/** The browser's own kind of a language, such as `en-GB`, as times and numbers are written differently in each. */
export function localeFor(language: Language, wanted: readonly string[]): string {
  return wanted.find(tag => languageOf(tag) === language) ?? language
}

function languageOf(tag: string): string | undefined {
  return tag.toLowerCase().split('-')[0]
}
