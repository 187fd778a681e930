/** Every language that the pages speak, as those call it who speak it. */
export const languageNames = { en: 'English', de: 'Deutsch' }
export type Language = keyof typeof languageNames

/** The first of a browser's languages that the pages speak; English otherwise. @param wanted as in `navigator.languages` */
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
