import { useEffect, useState } from 'preact/hooks'
import { type KnownPlan, readPlan } from '../receiver/plan.ts'
import { type Choice, type Receiver, Refused } from '../receiver/receiver.ts'
import { isAborted } from './trouble.ts'

export type PlanState =
  | { kind: 'working' }
  | { kind: 'known'; plan: KnownPlan }
  | { kind: 'impossible'; why: string | undefined }

/** A point that is dragged rests this long (milliseconds) before the receiver is asked. */
const rest = 250

/** What a choice takes; null while there is none. */
export function usePlan(
  receiver: Receiver,
  source: string,
  choice: Choice | null,
  onError: (error: unknown) => void,
): PlanState {
  const [state, setState] = useState<PlanState>({ kind: 'working' })
  const key = choice && JSON.stringify(choice)
  useEffect(() => {
    if (key === null) return
    setState({ kind: 'working' })
    const controller = new AbortController()
    const read = async () => {
      for await (const plan of readPlan(receiver, source, JSON.parse(key) as Choice, controller.signal))
        setState({ kind: 'known', plan })
    }
    const timer = setTimeout(() => {
      read().catch(error => {
        if (isAborted(error)) return
        if (error instanceof Refused && error.code === 'not-restorable')
          setState({ kind: 'impossible', why: error.why })
        else onError(error)
      })
    }, rest)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [receiver, source, key, onError])
  return state
}
