import { useEffect, useState } from 'preact/hooks'
import { isAborted } from '../receiver/call.ts'
import { type History, readHistory } from '../receiver/history.ts'
import type { Receiver } from '../receiver/receiver.ts'

/**
 * What is known of a window of time, while it is read.
 * @param end of the window, epoch milliseconds; null for now, undefined for none at all
 */
export function useHistory(
  receiver: Receiver,
  source: string,
  end: number | null | undefined,
  onError: (error: unknown) => void,
) {
  const [history, setHistory] = useState<History>()
  useEffect(() => {
    if (end === undefined) return
    const controller = new AbortController()
    const read = async () => {
      for await (const known of readHistory(receiver, source, { end, now: Date.now() }, controller.signal))
        setHistory(known)
    }
    read().catch(error => {
      if (!isAborted(error)) onError(error)
    })
    return () => controller.abort()
  }, [receiver, source, end, onError])
  return history
}
