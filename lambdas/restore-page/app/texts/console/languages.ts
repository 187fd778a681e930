import type { Language } from '../language.ts'
import { de } from './de.ts'
import { type ConsoleTexts, en } from './en.ts'

/** The console in every language. */
export const languages: Record<Language, ConsoleTexts> = { en, de }
