import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Kept } from '../kept/kept.ts'
import type { Choice } from '../receiver/receiver.ts'
import { type Opened, type Problem, type Progress, problemOf, type Restoring } from '../ways/restoring.ts'
import { Speed } from '../ways/speed.ts'
import type { Ports } from './page.tsx'

export type RestoringState =
  | { kind: 'closed' }
  | { kind: 'opening' }
  | { kind: 'opened'; opened: Opened; worker: Restoring }
  | { kind: 'failed'; problem: Problem }

export interface UsedRestoring {
  state: RestoringState
  opened: Opened | null
  /** How far each file is, by its number; changes with `listen`. */
  listen(listener: ((progress: Progress) => void) | undefined): void
  /** @param trust fingerprint of a key that the person believes; empty for none */
  open(identity: string, trust: string): void
  /** Bytes in a second; null until something was fetched. */
  measured: number | null
  close(): void
}

/**
 * The worker that holds the identity. One serves all that is tried: what it was granted for a choice it need not ask for, and use the link for, again. What
 * was opened is closed with another choice, and while there is none; `close` ends the worker, and the identity is gone.
 */
export function useRestoring(
  ports: Ports,
  { secret, passcode }: { secret: string; passcode: string | undefined },
  source: string,
  choice: Choice | null,
  kept: Kept,
  onUsed: () => void,
): UsedRestoring {
  const [state, setState] = useState<RestoringState>({ kind: 'closed' })
  const [measured, setMeasured] = useState<number | null>(null)
  const worker = useRef<Restoring>(undefined)
  const listener = useRef<(progress: Progress) => void>(undefined)
  const key = JSON.stringify(choice)

  const attempt = useRef(0)
  const close = useCallback(() => {
    attempt.current++
    worker.current?.close()
    worker.current = undefined
    setState({ kind: 'closed' })
  }, [])
  useEffect(() => close, [close])
  // another choice closes what was opened
  useEffect(
    () => () => {
      attempt.current++
      setState({ kind: 'closed' })
    },
    [key],
  )

  const open = async (identity: string, trust: string) => {
    if (!choice) return
    const current = ++attempt.current
    const idempotencyKey = kept.keyOf(choice)
    const opening = worker.current ?? newWorker()
    worker.current = opening
    setState({ kind: 'opening' })
    try {
      const wanted = { source, ...choice, ...(trust === '' ? {} : { trust: [trust] }) }
      const opened = await opening.open(wanted, idempotencyKey, identity)
      if (attempt.current === current) setState({ kind: 'opened', opened, worker: opening })
    } catch (error) {
      if (opening.isOver && worker.current === opening) worker.current = undefined
      if (attempt.current === current) setState({ kind: 'failed', problem: problemOf(error) })
    }
  }

  function newWorker(): Restoring {
    const made = ports.restoring({ secret, passcode })
    const speed = new Speed()
    const fetched = new Map<number, number>()
    made.onProgress = progress => {
      fetched.set(progress.artefact, progress.fetched)
      speed.add(
        performance.now(),
        [...fetched.values()].reduce((sum, bytes) => sum + bytes, 0),
      )
      if (speed.bytesPerSecond !== null) setMeasured(speed.bytesPerSecond)
      listener.current?.(progress)
    }
    made.onGranted = key => {
      kept.grant(key)
      onUsed()
    }
    return made
  }

  return {
    state,
    opened: state.kind === 'opened' ? state.opened : null,
    listen: useCallback(next => {
      listener.current = next
    }, []),
    open: (identity, trust) => void open(identity, trust),
    measured,
    close,
  }
}
