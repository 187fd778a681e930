import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { BackupContext } from '../../engine.ts'
import { ConnectionLost } from '../connection/errors.ts'

/** For the end of a session, which never throws: what cannot be done is warned of, and nothing more is asked of a server that is gone. */
export function attempts({ warn }: Pick<BackupContext, 'warn'>) {
  let reached = true
  return async (code: string, work: () => Promise<void>) => {
    if (!reached) return
    try {
      await work()
    } catch (error) {
      warn(code, error instanceof Failure ? error.line : messageOf(error))
      reached = !(error instanceof ConnectionLost || error instanceof Failure)
    }
  }
}
