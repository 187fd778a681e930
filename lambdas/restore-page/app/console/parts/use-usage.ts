import { useEffect, useState } from 'preact/hooks'
import type { UsageRow } from '../../../../../shared/api/usage.ts'
import { isAborted } from '../../receiver/call.ts'
import { type Trouble, troubleOf } from './trouble.ts'
import { useConsole } from './use-console.ts'

export interface Usage {
  /** As the API writes it: `202611`. */
  month: string
  rows: UsageRow[]
}

/** What was measured in a month, once all of it is read. @param month `202611`; undefined for the one that goes on */
export function useUsage(month: string | undefined) {
  const { receiver, onEnded } = useConsole()
  const [usage, setUsage] = useState<Usage>()
  const [trouble, setTrouble] = useState<Trouble>()
  const [attempt, setAttempt] = useState(0)
  // `attempt` counts how often a person asked for it again
  useEffect(() => {
    const controller = new AbortController()
    setUsage(undefined)
    setTrouble(undefined)
    const read = async () => {
      const rows: UsageRow[] = []
      let answered = ''
      for await (const page of receiver.pages('usage', { month }, controller.signal)) {
        rows.push(...page.rows)
        answered = page.month
      }
      setUsage({ month: answered, rows })
    }
    read().catch(error => {
      if (isAborted(error)) return
      const trouble = troubleOf(error)
      if (trouble.kind === 'ended') onEnded()
      else setTrouble(trouble)
    })
    return () => controller.abort()
  }, [receiver, onEnded, month, attempt])
  return { usage, trouble, retry: () => setAttempt(count => count + 1) }
}
