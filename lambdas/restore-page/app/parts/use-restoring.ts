import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
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
  close(): void
}

/** The worker that holds the identity, for one choice: with another one it is closed, and the identity is gone. */
export function useRestoring(
  ports: Ports,
  { secret, passcode }: { secret: string; passcode: string | undefined },
  source: string,
  choice: Choice,
  onUsed: (use: string) => void,
  onSpeed: (bytesPerSecond: number) => void,
): UsedRestoring {
  const [state, setState] = useState<RestoringState>({ kind: 'closed' })
  const worker = useRef<Restoring>(undefined)
  const listener = useRef<(progress: Progress) => void>(undefined)
  const key = JSON.stringify(choice)

  const close = useCallback(() => {
    worker.current?.close()
    worker.current = undefined
    setState({ kind: 'closed' })
  }, [])
  // another choice ends what was opened
  useEffect(() => close, [key, close])

  const open = async (identity: string, trust: string) => {
    worker.current?.close()
    const opening = ports.restoring({ secret, passcode })
    worker.current = opening
    setState({ kind: 'opening' })
    const speed = new Speed()
    const fetched = new Map<number, number>()
    opening.onProgress = progress => {
      fetched.set(progress.artefact, progress.fetched)
      speed.add(
        performance.now(),
        [...fetched.values()].reduce((sum, bytes) => sum + bytes, 0),
      )
      if (speed.bytesPerSecond !== null) onSpeed(speed.bytesPerSecond)
      listener.current?.(progress)
    }
    try {
      const opened = await opening.open({ source, ...choice, ...(trust === '' ? {} : { trust: [trust] }) }, identity)
      onUsed(opened.restoreManifest)
      if (worker.current === opening) setState({ kind: 'opened', opened, worker: opening })
    } catch (error) {
      opening.close()
      if (worker.current === opening) setState({ kind: 'failed', problem: problemOf(error) })
    }
  }
  return {
    state,
    opened: state.kind === 'opened' ? state.opened : null,
    listen: useCallback(next => {
      listener.current = next
    }, []),
    open: (identity, trust) => void open(identity, trust),
    close,
  }
}
