import { useCallback, useEffect, useState } from 'preact/hooks'
import { isAborted, Refused, Unreachable } from '../receiver/call.ts'
import { type KnownPlan, readPlan } from '../receiver/plan.ts'
import type { Choice, Receiver } from '../receiver/receiver.ts'

export type PlanState =
  | { kind: 'working' }
  | { kind: 'known'; plan: KnownPlan }
  | { kind: 'impossible'; why: string | undefined }
  | { kind: 'unreachable'; retry(): void }

/** A point that is dragged rests this long (milliseconds) before the receiver is asked. */
const rest = 250

/** What a choice takes. Where the receiver cannot be reached it is asked again when there is a network, or a person wants it. */
export function usePlan(
  receiver: Receiver,
  source: string,
  choice: Choice,
  onError: (error: unknown) => void,
): PlanState {
  const [state, setState] = useState<PlanState>({ kind: 'working' })
  const [attempt, setAttempt] = useState(0)
  const retry = useCallback(() => setAttempt(count => count + 1), [])
  const key = JSON.stringify(choice)
  useEffect(() => {
    setState({ kind: 'working' })
    const controller = new AbortController()
    const read = async () => {
      const wanted = JSON.parse(key) as Choice
      for await (const plan of readPlan(receiver, source, wanted, controller.signal)) setState({ kind: 'known', plan })
    }
    const timer = setTimeout(() => {
      read().catch(error => {
        if (isAborted(error)) return
        if (error instanceof Unreachable) setState({ kind: 'unreachable', retry })
        else if (error instanceof Refused && error.code === 'not-restorable')
          setState({ kind: 'impossible', why: error.why })
        else onError(error)
      })
    }, rest)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [receiver, source, key, attempt, retry, onError])
  useEffect(() => {
    if (state.kind !== 'unreachable') return
    addEventListener('online', retry)
    return () => removeEventListener('online', retry)
  }, [state.kind, retry])
  return state
}
