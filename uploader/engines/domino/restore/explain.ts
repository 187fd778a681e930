import { Failure } from '../../../../shared/failure.ts'
import { CallFailed } from '../helper/call-failed.ts'
import { status } from '../notes/status.ts'

/** What Domino's answer to one database's restore means. */
const meanings: Record<number, [what: string, fix: string]> = {
  [status.inUse]: [
    'it is in use, and was not given up in time; nothing was changed',
    'Have its users leave it (drop all, or tell http quit), or add ?wait=SECONDS to the target, and run it again',
  ],
  [status.extentNotRetrieved]: [
    'the log needs an extent that is neither here nor on the server',
    'Restore a later state, whose logs hold it; without it the database can only be put back as it was backed up (RESTORE.md)',
  ],
  [status.logSpaceCritical]: [
    'the server has no room for its transaction log',
    'Make room where the log is, and run it again',
  ],
  [status.notABackup]: [
    'the copy cannot be rolled forward: it was opened after it was backed up',
    'Restore into an empty folder once more, and let nothing open the copies in it',
  ],
}

/** Of one database, as `explainRestore` makes it. */
export function isRefused(error: unknown): error is Failure {
  return error instanceof Failure && error.code === refused
}

const refused = 'restore-database'

export function explainRestore(error: unknown, path: string): unknown {
  if (!(error instanceof CallFailed)) return error
  const meaning = error.status === undefined ? undefined : meanings[error.status]
  return new Failure(refused, `The database ${path} could not be restored`, {
    why: meaning ? `${meaning[0]} (${error.message})` : error.message,
    fix: meaning?.[1] ?? "Look at the server's console log, and run it again",
    cause: error,
  })
}
