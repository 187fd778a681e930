import { de } from './de.ts'
import { en, type Texts } from './en.ts'
import type { Language } from './language.ts'

/** The restore page in every language. */
export const languages: Record<Language, Texts> = { en, de }
