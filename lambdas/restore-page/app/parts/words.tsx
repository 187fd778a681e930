import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Texts } from '../texts/en.ts'
import type { Language } from '../texts/languages.ts'
import type { Format } from '../words/format.ts'

/** Whose page it is, as the receiver's configuration says. */
export interface Brand {
  provider: string
  /** Whom to ask, in the provider's words. */
  contact: string | undefined
  /** Address of a picture. */
  logo: string | undefined
}

/** What every part of the page says things with. */
export interface Words extends Brand {
  texts: Texts
  language: Language
  format: Format
  /** IANA name of the zone that times are shown in: that of this computer, or UTC. */
  zone: string
  localZone: string
  /** Epoch milliseconds; goes on now and then. */
  now: number
  setLanguage(language: Language): void
  setZone(zone: string): void
}

export const WordsContext = createContext<Words | null>(null)

export function useWords(): Words {
  const words = useContext(WordsContext)
  if (!words) throw new Error('outside of the page')
  return words
}
