import { Failure, messageOf } from '../../shared/failure.ts'
import { failureOf } from '../exit.ts'
import type { Reporter } from '../output/reporter.ts'
import { ObservedReporter } from './observed.ts'
import type { Cancelled, ControlRequest, RunStatus } from './requests.ts'
import { type Control, serveControl } from './serve.ts'

/**
 * Does `work` while others can see how it goes and cancel it (`failsafe status`, `failsafe cancel`). That nobody can is no reason not to back up.
 * @param work gets a reporter that is watched, and a signal that is aborted when the run is cancelled or the caller's own is
 */
export async function controlledRun<T>(
  state: string,
  about: { source: string; mode: string; startedAt: Date },
  { reporter, signal }: { reporter: Reporter; signal: AbortSignal },
  work: (reporter: Reporter, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { source, mode, startedAt } = about
  const observed = new ObservedReporter(reporter)
  const cancel = new AbortController()
  const stop = AbortSignal.any([signal, cancel.signal])
  const over = Promise.withResolvers<string | null>()
  const status = (): RunStatus => ({
    pid: process.pid,
    source,
    mode,
    startedAt: startedAt.toISOString(),
    ...observed.status,
  })
  const answer = async ({ ask }: ControlRequest): Promise<RunStatus | Cancelled | undefined> => {
    switch (ask) {
      case 'status':
        return status()
      case 'cancel':
        cancel.abort()
        return { source, said: await over.promise }
      case 'stop':
        return undefined
    }
  }
  let control: Control | undefined
  try {
    control = await serveControl(state, `run-${process.pid}`, answer)
  } catch (error) {
    reporter.warning('control-unavailable', error instanceof Failure ? error.line : messageOf(error))
  }
  try {
    const done = await work(observed, stop)
    over.resolve(null)
    return done
  } catch (error) {
    const failure = failureOf(error, stop)
    over.resolve(failure.line)
    throw failure
  } finally {
    await control?.close()
  }
}
