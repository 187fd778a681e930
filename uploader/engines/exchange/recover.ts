import { setTimeout } from 'node:timers/promises'
import { removeSystemState, stopWriting } from './full/system-state.ts'
import { readSystemStateRecord } from './full/system-state-record.ts'
import { readRecord } from './shadow/record.ts'
import { removeShadows } from './shadow/remove.ts'

const patience = 180_000
const poll = 250

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
      await untilOver(found.record.pid, signal)
      for (const shown of await removeShadows(scratch, found.record, found.ids, signal))
        notes.push(`The shadow copy ${shown} of an interrupted run was removed`)
    }
    const state = await readSystemStateRecord(scratch)
    if (!state) continue
    if (state.pid !== null && isAlive(state.pid)) {
      await stopWriting()
      await untilOver(state.pid, signal)
    }
    await removeSystemState(state.root, scratch)
  }
  return { notes }
}

/** Not for ever: the number may be another program's by now. */
async function untilOver(pid: number | null, signal: AbortSignal): Promise<void> {
  for (let waited = 0; pid !== null && isAlive(pid) && waited < patience; waited += poll)
    await setTimeout(poll, undefined, { signal })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
