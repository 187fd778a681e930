import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { useCommonWords, type Words } from '../../parts/words.tsx'
import type { ConsoleTexts } from '../../texts/console/en.ts'
import type { ConsoleReceiver } from '../receiver/receiver.ts'

/** In parts of the console, which has all of its texts in the context. `now` goes by the receiver's clock. */
export function useWords(): Words<ConsoleTexts> {
  return useCommonWords() as Words<ConsoleTexts>
}

/** What every part of an open console works with. */
export interface Console {
  receiver: ConsoleReceiver
  /** The link opens nothing any more. @param here whether it was ended on this page */
  onEnded(here?: boolean): void
}

export const ConsoleContext = createContext<Console | null>(null)

export function useConsole(): Console {
  const console = useContext(ConsoleContext)
  if (!console) throw new Error('outside of the console')
  return console
}
