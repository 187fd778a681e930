import { useRef, useState } from 'preact/hooks'
import { type Trouble, troubleOf } from './trouble.ts'
import { useConsole } from './use-console.ts'

/**
 * Something that a person asked for: whether it goes on, and why it failed.
 * @returns `start`, which does one thing at a time, and resolves with false when it was not done
 */
export function useDoing() {
  const { onEnded } = useConsole()
  const [isDoing, setDoing] = useState(false)
  const goesOn = useRef(false)
  const [trouble, setTrouble] = useState<Trouble>()
  const start = async (work: () => Promise<void>): Promise<boolean> => {
    if (goesOn.current) return false
    goesOn.current = true
    setDoing(true)
    setTrouble(undefined)
    try {
      await work()
      return true
    } catch (error) {
      const trouble = troubleOf(error)
      if (trouble.kind === 'ended') onEnded()
      setTrouble(trouble)
      return false
    } finally {
      goesOn.current = false
      setDoing(false)
    }
  }
  return { isDoing, trouble, start }
}
