import { useEffect, useState } from 'preact/hooks'
import { isAborted } from '../../receiver/call.ts'
import { type Everything, readEverything } from '../receiver/everything.ts'
import type { ConsoleReceiver } from '../receiver/receiver.ts'
import { type Trouble, troubleOf } from './trouble.ts'

const interval = 60_000

export interface Reading {
  /** The last one that was read whole. */
  known: Everything | undefined
  isReading: boolean
  /** Sources of the reading that goes on. */
  soFar: number
  /** Why the last one failed. */
  trouble: Trouble | undefined
}

/**
 * Reads everything now, and again a minute after each reading while somebody can see it; at once when it is seen again, or the computer is online
 * again.
 * @param isOpen whether there is still anything to read
 * @param attempt another one is another wish to read it now
 */
export function useEverything(receiver: ConsoleReceiver, isOpen: boolean, attempt: number): Reading {
  const [reading, setReading] = useState<Reading>({
    known: undefined,
    isReading: true,
    soFar: 0,
    trouble: undefined,
  })
  useEffect(() => {
    if (!isOpen) return
    const controller = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let isReading = false
    let endedAt = 0
    const read = async () => {
      clearTimeout(timer)
      isReading = true
      setReading(({ known, trouble }) => ({ known, trouble, isReading, soFar: 0 }))
      try {
        const onSources = (soFar: number) => setReading(before => ({ ...before, soFar }))
        const known = await readEverything(receiver, onSources, controller.signal)
        setReading({ known, isReading: false, soFar: 0, trouble: undefined })
      } catch (error) {
        if (isAborted(error)) return
        const trouble = troubleOf(error)
        setReading(({ known }) => ({ known, isReading: false, soFar: 0, trouble }))
        if (trouble.kind === 'ended') return
      } finally {
        isReading = false
        endedAt = Date.now()
      }
      timer = setTimeout(onTime, interval)
    }
    const onTime = () => {
      if (document.visibilityState === 'visible' && !isReading) void read()
    }
    const onSeen = () => {
      if (Date.now() - endedAt >= interval) onTime()
    }
    document.addEventListener('visibilitychange', onSeen)
    addEventListener('online', onTime)
    void read()
    return () => {
      controller.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onSeen)
      removeEventListener('online', onTime)
    }
  }, [receiver, isOpen, attempt])
  return reading
}
