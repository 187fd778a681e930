import { isAlive, untilOver } from '../../until-over.ts'
import { removeSystemState, stopWriting } from './full/system-state.ts'
import { readSystemStateRecord } from './full/system-state-record.ts'
import { readRecord } from './shadow/record.ts'
import { removeShadows } from './shadow/remove.ts'

const patience = 180_000

/**
 * Removes what runs that died have left on the server: their shadow copies, which outlive a restart of Windows, and System States that were not sealed yet.
 * @param scratches directories of those runs
 */
export async function recover(scratches: readonly string[], signal: AbortSignal): Promise<{ notes: string[] }> {
  const notes: string[] = []
  for (const scratch of scratches) {
    const found = await readRecord(scratch)
    if (found) {
      // It may still be making them. Its hook finds nobody to wait for, so that it stops by itself then.
      if (found.record.pid !== null) await untilOver(found.record.pid, patience, signal)
      for (const shown of await removeShadows(scratch, found.record, found.ids, signal))
        notes.push(`The shadow copy ${shown} of an interrupted run was removed`)
    }
    const state = await readSystemStateRecord(scratch)
    if (!state) continue
    if (state.pid !== null && isAlive(state.pid)) {
      await stopWriting()
      await untilOver(state.pid, patience, signal)
    }
    await removeSystemState(state.root, scratch)
  }
  return { notes }
}
