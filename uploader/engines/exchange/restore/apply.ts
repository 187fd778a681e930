import { constants, copyFile, mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Failure } from '../../../../shared/failure.ts'
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
 * Copies each database with its logs into a folder of its own, and brings it to a clean shutdown there.
 * @returns one line for each, in words
 * @throws Failure `restore-exists`, `exchange-recovery-failed`, `exchange-not-recoverable`
 */
export async function apply(
  directory: string,
  target: string,
  databases: readonly LaidDatabase[],
  { signal, progress }: Pick<RestoreContext, 'signal' | 'progress'>,
): Promise<string[]> {
  eseutil()
  const total = databases.reduce((sum, each) => sum + bytesOf(each), 0)
  await mkdir(target, { recursive: true })
  await requireSpace(target, total)
  let done = 0
  const notes: string[] = []
  for (const each of databases) {
    const place = join(target, each.folder)
    await makeNew(place)
    try {
      notes.push(
        await recoverOne(each, { directory, place, signal }, size => {
          done += size
          progress(done, total)
        }),
      )
    } catch (error) {
      await rm(place, { recursive: true, force: true })
      throw error
    }
  }
  return notes
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
  const copy = async (name: string, to: string, size: number) => {
    signal.throwIfAborted()
    // Where the file system can share blocks, a copy costs no room.
    await copyFile(join(directory, name), to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
    onCopied(size)
  }
  for (const log of current ? [...logs, current] : logs)
    await copy(log.name, join(folders.log, basename(log.name)), log.size)
  await copy(edb, copied, each.size)
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
    throw new Failure('restore-exists', `${place} exists already`, {
      why: 'a restore never writes over anything',
      fix: 'Name another directory as the target, or move it away',
    })
  }
}

function bytesOf({ size, logs, current }: LaidDatabase): number {
  return size + logs.reduce((sum, log) => sum + log.size, current?.size ?? 0)
}
