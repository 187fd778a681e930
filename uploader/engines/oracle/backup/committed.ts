import { createHash } from 'node:crypto'
import { messageOf } from '../../../../shared/failure.ts'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { Stored } from '../../engine.ts'
import { Control, patience } from '../connection/control.ts'
import { explain } from '../connection/errors.ts'
import { loginOf } from '../connection/login.ts'
import { Session } from '../connection/session.ts'
import { Directories } from '../files/directories.ts'
import { LocalFiles } from '../files/local.ts'
import { RemoteFiles } from '../files/remote.ts'
import type { ServerFiles } from '../files/server-file.ts'
import { inspectDatabase, topologyOf } from '../inspect.ts'
import { logsIn } from '../logs/archived-log.ts'
import { historyOf, scnOf, unitOf } from '../position.ts'
import type { Settings } from '../settings.ts'
import * as discovery from '../statements/discovery.ts'

/** Removes the archived logs that the snapshot holds from the server, every copy of them, where the source asks for it. */
export async function committed(
  settings: Settings,
  { snapshot, units }: Stored,
  signal: AbortSignal,
): Promise<{ notes: string[] }> {
  const hold = units.some(({ info }) => info?.lastSequence !== undefined)
  if (!settings.deleteArchivedLogs || !hold) return { notes: [] }
  const login = await loginOf(settings.connection, signal)
  const control = new Control(login, await Session.connect(login, signal), patience)
  // Of its own: those of the run, which is not over yet, are still there.
  const directories = new Directories(control, tokenFor(snapshot), settings.directory)
  const remote = new RemoteFiles({ login, control, directories, signal, patience })
  const files: ServerFiles = topologyOf(settings) === 'local' ? new LocalFiles(settings.paths) : remote
  try {
    const inventory = await control.again(session => inspectDatabase(session, settings), signal)
    await directories.sweep(signal)
    const notes: string[] = []
    let removed = 0
    for (const entry of units)
      for (const path of await pathsOf(control, entry, historyOf(inventory), signal))
        try {
          await files.remove(path)
          removed++
        } catch (error) {
          notes.push(`${path} could not be removed: ${messageOf(error)}`)
        }
    return { notes: [`${removed} archived logs that are backed up were removed from the server`, ...notes] }
  } catch (error) {
    signal.throwIfAborted()
    throw explain(error)
  } finally {
    await files.close()
    await directories.close()
    await control.end()
  }
}

/** Where copies lie of the logs that an entry holds, whole. */
async function pathsOf(control: Control, entry: UnitEntry, history: string, signal: AbortSignal): Promise<string[]> {
  const thread = Number(/\d+$/.exec(entry.unit)?.[0])
  const first = Number(entry.info?.firstSequence)
  const last = Number(entry.info?.lastSequence)
  const ours = entry.unit === unitOf(thread) && entry.to.stream === `${history}/${thread}`
  if (!ours || !Number.isFinite(first) || !Number.isFinite(last)) return []
  const rows = await control.query(discovery.archivedLogs(thread, '0'), { signal })
  const to = BigInt(scnOf(entry.to.at))
  return logsIn(rows, thread)
    .filter(({ sequence, nextScn }) => sequence >= first && sequence <= last && BigInt(nextScn) <= to)
    .flatMap(({ paths }) => paths)
}

/** The same for all snapshots of a source, so that what a killed process leaves is dropped by the next one. */
function tokenFor(snapshot: string): string {
  return createHash('sha256').update(snapshot.split('.')[0]!).digest('hex').slice(0, 8)
}
