import { Failure } from '../../../../shared/failure.ts'
import { ItemFailed } from '../../item-failed.ts'
import { CallFailed } from '../helper/call-failed.ts'
import { status } from '../notes/status.ts'
import { ItemBusy } from './item-busy.ts'

/** What Domino's numbers mean for one database. */
const meanings: Record<number, [code: string, words: string]> = {
  [status.noSuchFile]: ['database-gone', 'it is gone: somebody removed or renamed it'],
  [status.offline]: ['database-offline', 'it is offline'],
  [status.backupOpened]: ['database-unrecovered', 'it is a backup that was put there and never recovered'],
}

const busy: Record<number, [code: string, words: string]> = {
  [status.compacting]: ['database-compacting', 'it was compacted all the time'],
  [status.backupInProgress]: ['database-busy', 'another backup of it was under way all the time'],
  [status.inUse]: ['database-busy', 'it was in use exclusively all the time'],
  [status.corruptChangeInfo]: ['database-changes', 'what had changed during the copy could not be applied to it'],
  [status.invalidChangeInfo]: ['database-changes', 'what had changed during the copy could not be applied to it'],
}

/**
 * What went wrong with the copy of one database.
 * @returns ItemFailed where only this database is concerned, a Failure where the directory for copies is; anything else as it is
 */
export function explainCopy(error: unknown, directory: string): unknown {
  if (!(error instanceof CallFailed)) return error
  const { status: code, message } = error
  if (code !== undefined) {
    const again = busy[code]
    if (again) return new ItemBusy(again[0], `${again[1]} (${message})`, error)
    const meaning = meanings[code]
    return meaning
      ? new ItemFailed(meaning[0], `${meaning[1]} (${message})`, error)
      : new ItemFailed('database-failed', message, error)
  }
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    return new Failure('domino-directory-full', `There is no room for the copy of a database in ${directory}`, {
      why: message,
      fix: 'Make room: as much as the largest databases have, as many as parallel says',
      cause: error,
    })
  if (message.includes(directory))
    return new Failure('domino-directory', `The helper cannot write copies into ${directory}`, {
      why: message,
      fix: `Let the user that Domino runs as own it: install -d -o notes -g notes -m 0700 ${directory}`,
      cause: error,
    })
  return new ItemFailed('database-failed', message, error)
}
