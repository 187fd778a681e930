import { Failure } from '../../shared/failure.ts'

/** A piece of work that ends at its first failure, or when a person or the system wants it to. */
export interface Stoppable {
  readonly signal: AbortSignal
  /** Only the first call counts: what else breaks off, breaks off because of it. It is the signal's reason. */
  fail(error: unknown): void
  /** No more is begun, and nobody listens any more. */
  end(): void
}

export function stoppable(by: AbortSignal): Stoppable {
  const stop = new AbortController()
  const cancel = () => stop.abort(cancelled())
  by.addEventListener('abort', cancel, { once: true })
  if (by.aborted) cancel()
  return {
    signal: stop.signal,
    fail: error => stop.abort(error),
    end() {
      stop.abort()
      by.removeEventListener('abort', cancel)
    },
  }
}

function cancelled(): Failure {
  return new Failure('cancelled', 'The backup was interrupted', {
    why: 'a signal asked to stop',
    fix: 'Run it again; nothing of it was kept',
    retriable: true,
  })
}
