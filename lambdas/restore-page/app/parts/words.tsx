import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { CommonTexts } from '../texts/common/en.ts'
import type { Texts } from '../texts/en.ts'
import type { Language } from '../texts/language.ts'
import type { Format } from '../words/format.ts'

/** Whose page it is, as the receiver's configuration says. */
export interface Brand {
  provider: string
  /** Whom to ask, in the provider's words. */
  contact: string | undefined
  /** Address of a picture. */
  logo: string | undefined
}

/** What every part of a page says things with. */
export interface Words<Said extends CommonTexts> extends Brand {
  texts: Said
  language: Language
  /** The browser's own kind of that language, such as `en-GB`. */
  locale: string
  format: Format
  /** IANA name of the zone that times are shown in: that of this computer, or UTC. */
  zone: string
  localZone: string
  /** Epoch milliseconds; goes on now and then. */
  now: number
  setLanguage(language: Language): void
  setZone(zone: string): void
}

export const WordsContext = createContext<Words<CommonTexts> | null>(null)

/** In parts that every page has. */
export function useCommonWords(): Words<CommonTexts> {
  const words = useContext(WordsContext)
  if (!words) throw new Error('outside of the page')
  return words
}

/** In parts of the restore page, which has all of its texts in the context. */
export function useWords(): Words<Texts> {
  return useCommonWords() as Words<Texts>
}
