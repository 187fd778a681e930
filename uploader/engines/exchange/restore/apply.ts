import { mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { SnapshotId } from '../../../../shared/ids.ts'
import { copyBlocks } from '../../../files/copy-blocks.ts'
import { requireSpace } from '../../../restore/disk.ts'
import type { RestoreContext } from '../../engine.ts'
import { targetDirectory } from '../../target-url.ts'
import { requireCoverage, type StagedLog } from '../ese/coverage.ts'
import { hex } from '../ese/log-name.ts'
import { readDatabaseHeader, readLogHeader } from '../ese/read.ts'
import {
  committedLogCorrupt,
  committedLogsMissing,
  currentLogMissing,
  eseutil,
  recover,
  recoveryFailed,
} from './eseutil.ts'
import { type LaidDatabase, type LaidLog, reachedBy } from './laid-out.ts'
import { isRecovered, placeTaken, writeMark } from './mark.ts'

/** @returns the path of `file:///…`. @throws Failure `restore-target` */
export function parseTarget(target: string): string {
  const directory = targetDirectory(target)
  if (directory !== undefined) return directory
  throw new Failure('restore-target', 'The target is not a directory for recovered databases', {
    why: 'nothing is put into a running Exchange: databases are recovered in a directory, and mounted from there',
    fix: 'Give it as file:///R:/RDB, on a volume with room for the databases once more',
  })
}

/**
 * Copies each database with its logs into a folder of its own, and brings it to a clean shutdown there. One that fails leaves nothing there, and the others go on;
 * what an earlier restore of the same has recovered is left as it is, so that another attempt makes only the rest.
 * @param snapshots that the files are of
 * @returns one line for each, in words
 * @throws Failure `restore-exists` before anything is made; `exchange-not-all-recovered`, or of a single database what it failed with
 */
export async function apply(
  { directory, snapshots }: { directory: string; snapshots: readonly SnapshotId[] },
  target: string,
  databases: readonly LaidDatabase[],
  { signal, progress }: Pick<RestoreContext, 'signal' | 'progress'>,
): Promise<string[]> {
  eseutil()
  const notes: string[] = []
  const waiting: { each: LaidDatabase; place: string; of: string }[] = []
  for (const each of databases) {
    const place = join(target, each.folder)
    const of = `${snapshots.join(' ')} to ${reachedBy(each)}`
    if (await isRecovered(place, of)) notes.push(`${each.database} was recovered before, in ${join(place, 'db')}`)
    else waiting.push({ each, place, of })
  }
  const total = waiting.reduce((sum, { each }) => sum + bytesOf(each), 0)
  await mkdir(target, { recursive: true })
  await requireSpace(target, total)
  let done = 0
  const onCopied = (size: number) => {
    done += size
    progress(done, total)
  }
  const failed: Failed[] = []
  for (const { each, place, of } of waiting) {
    await makeNew(place)
    try {
      await writeMark(place, { of, state: 'begun' })
      const note = await recoverOne(each, { directory, place, signal }, onCopied)
      await writeMark(place, { of, state: 'recovered' })
      notes.push(note)
    } catch (error) {
      await rm(place, { recursive: true, force: true }).catch(() => {}) // the next attempt says that it is there
      if (signal.aborted || databases.length === 1) throw error
      failed.push({ database: each.database, error })
    }
  }
  if (failed.length > 0) throw notAllRecovered(failed, notes)
  return notes
}

interface Failed {
  database: string
  error: unknown
}

function notAllRecovered(failed: readonly Failed[], done: readonly string[]): Failure {
  const names = failed.map(({ database }) => database).join(', ')
  const stays = done.length > 0 ? ` What is done is left as it is: ${done.join('; ')}` : ''
  return new Failure('exchange-not-all-recovered', `Not all databases could be recovered: ${names} could not`, {
    why: failed
      .map(({ database, error }) => `${database}: ${error instanceof Failure ? error.line : messageOf(error)}`)
      .join('; '),
    fix: `Remove the cause, and restore once more to the same target, with another directory for --to: only these are made then.${stays}`,
    cause: failed[0]?.error,
  })
}

interface Place {
  /** Where the files of the restore lie. */
  directory: string
  /** The new folder of this database. */
  place: string
  signal: AbortSignal
}

async function recoverOne(each: LaidDatabase, { directory, place, signal }: Place, onCopied: (size: number) => void) {
  const { database, base, edb, logs, current, required } = each
  const folders = { db: join(place, 'db'), log: join(place, 'log') }
  for (const folder of Object.values(folders)) await mkdir(folder)
  const copied = join(folders.db, basename(edb))
  const copy = (name: string, to: string) => copyBlocks(join(directory, name), to, { signal, onCopied })
  for (const { name } of current ? [...logs, current] : logs) await copy(name, join(folders.log, basename(name)))
  await copy(edb, copied)
  await requireRecoverable(each, directory)

  const paths = { base, directory: folders.log, database: folders.db }
  let said = await recover({ ...paths, all: false }, signal)
  let lossy = false
  const reached = current?.generation ?? logs.at(-1)?.generation ?? 0
  // Chains of closed logs have no current one: eseutil asks to be told that this is known.
  if ([currentLogMissing, committedLogsMissing, committedLogCorrupt].includes(said.code) && reached >= required.max) {
    lossy = true
    said = await recover({ ...paths, all: true }, signal)
  }
  if (said.code !== 0) throw recoveryFailed(database, said)
  const { header } = await readDatabaseHeader(copied, copied)
  if (header.state !== 'Clean Shutdown')
    throw recoveryFailed(database, { ...said, stdout: `its state is ${header.state}` })
  return `${database} is recovered to log ${reachedBy(each)}${lossy ? ', the last closed one' : ''}, clean, in ${folders.db}`
}

/** Before eseutil changes anything, and with better words. */
async function requireRecoverable({ database, edb, logs, current }: LaidDatabase, directory: string): Promise<void> {
  const { header } = await readDatabaseHeader(join(directory, edb), edb)
  const read = async ({ name, generation }: LaidLog): Promise<StagedLog> => {
    const log = await readLogHeader(join(directory, name), name)
    if (log.generation !== generation)
      throw new Failure('exchange-log-damaged', `${name} is not the log that it should be`, {
        why: `it is ${hex(log.generation)}, and the index says ${hex(generation)}`,
      })
    return { name, header: log }
  }
  const staged: StagedLog[] = []
  for (const log of current ? [...logs, current] : logs) staged.push(await read(log))
  requireCoverage(database, header, staged)
}

async function makeNew(place: string): Promise<void> {
  try {
    await mkdir(place)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    throw placeTaken(place)
  }
}

function bytesOf({ size, logs, current }: LaidDatabase): number {
  return size + logs.reduce((sum, log) => sum + log.size, current?.size ?? 0)
}
