import { Failure } from '../../../../shared/failure.ts'
import { text } from '../../row.ts'
import { openEarlier } from '../cold/open-earlier.ts'
import { Control, type Patience, patience } from '../connection/control.ts'
import { explain } from '../connection/errors.ts'
import { loginOf } from '../connection/login.ts'
import { Session } from '../connection/session.ts'
import { dataFilesOf } from '../inspect.ts'
import type { Settings } from '../settings.ts'
import * as discovery from '../statements/discovery.ts'
import { endHeld } from './backup-mode.ts'
import { readNote, removeNote } from './note.ts'

/** Ends what a run of before has put in backup mode, and nothing that somebody else did; or opens the database that it had shut down. */
export async function recover(
  settings: Settings,
  undo: string,
  signal: AbortSignal,
  options: { patience?: Patience } = {},
): Promise<{ notes: string[] }> {
  const waits = options.patience ?? patience
  const notes = await openEarlier(settings, undo, signal, waits)
  if (!(await readNote(undo))) return { notes }
  const login = await loginOf(settings.connection, signal)
  const control = new Control(login, await Session.connect(login, signal), waits)
  try {
    return { notes: await undoEarlier(control, undo) }
  } catch (error) {
    signal.throwIfAborted()
    throw explain(error)
  } finally {
    await control.end()
  }
}

/** Of backup mode. @returns what was done, in words. @throws Failure `oracle-not-open` where it is for a person to decide */
export async function undoEarlier(control: Control, undo: string): Promise<string[]> {
  const journal = await readNote(undo)
  if (journal?.format !== 'failsafe.oracle-backup-mode/1') return []
  const is = await control.one(discovery.database)
  if (text(is, 'dbid') !== journal.database) {
    await removeNote(undo)
    return [
      `An earlier run may have left the database with DBID ${journal.database} in backup mode; this source is another one now: look there (SELECT * FROM v$backup)`,
    ]
  }
  if (text(is, 'open_mode') !== 'READ WRITE') throw notOpen(text(is, 'open_mode'))
  const files = await control.again(session => dataFilesOf(session))
  let ended = 0
  for (const held of journal.held) ended += await endHeld(control, held, files)
  await removeNote(undo)
  return ended === 0 ? [] : [`An earlier run had left ${ended} data files in backup mode; it was ended`]
}

/** Files that were restored from a backup look the same, and END BACKUP would ruin them. */
function notOpen(mode: string): Failure {
  return new Failure('oracle-not-open', `The database is ${mode}, and an earlier run has left it in backup mode`, {
    why: 'the instance ended while a backup was under way',
    fix: 'Run as an administrator: ALTER DATABASE END BACKUP; ALTER DATABASE OPEN. Never do that with data files that were restored from a backup',
    retriable: true,
  })
}
