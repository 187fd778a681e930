import { untilOver } from '../../../until-over.ts'
import { readNote, removeNote } from '../backup/note.ts'
import { Control, type Patience } from '../connection/control.ts'
import { explain } from '../connection/errors.ts'
import { loginOf } from '../connection/login.ts'
import { openInstance } from '../rman/instance.ts'
import type { Settings } from '../settings.ts'
import { openContainers } from './closing.ts'

/** Milliseconds, as in a run. */
const shutdownTime = 1_800_000

/** Opens the database that a run of before has shut down. @returns what was done, in words. @throws Failure `oracle-left-closed` */
export async function openEarlier(
  settings: Settings,
  undo: string,
  signal: AbortSignal,
  patience: Patience,
): Promise<string[]> {
  const note = await readNote(undo)
  if (note?.format !== 'failsafe.oracle-closed/1') return []
  let opened = await openInstance(note.rman, note.database)
  if (!opened && note.pid !== undefined) {
    // RMAN outlives the run that has started it: what is open now may be shut down by it in a moment.
    await untilOver(note.pid, shutdownTime, signal)
    opened = await openInstance(note.rman, note.database)
  }
  // It is not known to its listener at once.
  const control = new Control(await loginOf(settings.connection, signal), undefined, patience)
  try {
    await openContainers(control, note)
    await removeNote(undo)
    return opened ? ['An earlier run had left the database closed; it was opened again'] : []
  } catch (error) {
    signal.throwIfAborted()
    throw explain(error)
  } finally {
    await control.end()
  }
}
