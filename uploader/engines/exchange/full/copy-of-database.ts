import { stat } from 'node:fs/promises'
import { basename } from 'node:path/win32'
import type { Failure } from '../../../../shared/failure.ts'
import { checkpointSize, parseCheckpoint } from '../ese/checkpoint.ts'
import { requireCoverage, type StagedLog, whyNotNext } from '../ese/coverage.ts'
import type { DatabaseHeader } from '../ese/database-header.ts'
import { firstBytes, readDatabaseHeader, readLogHeader } from '../ese/read.ts'
import type { Database } from '../inventory.ts'
import { listClosed } from '../log/closed.ts'
import { damageOf, lookAtLog } from '../log/look.ts'
import { localPath } from '../windows/local-path.ts'

/** A file of a shadow copy. `name` is its own, `path` is where it is shown. */
export interface CopiedFile {
  name: string
  path: string
  size: number
}

export interface CopiedLog extends CopiedFile, StagedLog {}

/** What is backed up of one database, looked at and found good enough to be recovered. */
export interface CopyOfDatabase {
  database: Database
  passive: boolean
  edb: CopiedFile
  header: DatabaseHeader
  /** Closed, ascending. */
  logs: CopiedLog[]
  /** `E00.log`, which holds what is not in a closed log. Exchange begins a new one with each backup, unless logging is circular. */
  current: CopiedLog | undefined
  checkpoint: CopiedFile | undefined
  warnings: string[]
}

/**
 * Looks at the files of a database on its shadow copies.
 * @param shown what a path of the server is on its shadow copy
 * @throws Failure where the copy could not be recovered
 */
export async function copyOfDatabase(
  database: Database,
  passive: boolean,
  shown: (path: string) => string,
): Promise<CopyOfDatabase> {
  const { name, base } = database
  const edb = await fileAt(shown(database.edb))
  const { header, shadow } = await readDatabaseHeader(localPath(edb.path), database.edb)
  const folder = shown(database.logFolder)
  const { logs, older, damaged } = await closedOf(folder, base)
  const current = await currentOf(folder, base, logs.at(-1))
  const warnings = coverageOf(name, header, current ? [...logs, current] : logs, damaged)
  if (shadow)
    warnings.push(
      `${name}: the first header page of its file is damaged, the second one is good; look with eseutil /mh`,
    )
  if (older > 0)
    warnings.push(`${name}: ${older} logs from before a gap are left out; no recovery of this backup needs them`)
  const checkpoint = await checkpointOf(folder, base)
  return { database, passive, edb, header, logs, current, checkpoint, warnings }
}

/** @throws Failure: where a log that is needed is there and damaged, that is said, and not that it is missing */
function coverageOf(
  name: string,
  header: DatabaseHeader,
  logs: readonly StagedLog[],
  damaged: Failure | undefined,
): string[] {
  try {
    return requireCoverage(name, header, logs)
  } catch (error) {
    throw damaged ?? error
  }
}

async function fileAt(path: string): Promise<CopiedFile> {
  const { size } = await stat(localPath(path))
  return { name: basename(path), path, size }
}

/** The unbroken run of closed logs that ends with the newest. `older`: what lies there from before a gap. `damaged`: the log that is the gap. */
async function closedOf(
  folder: string,
  base: string,
): Promise<{ logs: CopiedLog[]; older: number; damaged: Failure | undefined }> {
  const files = await listClosed(folder, base)
  const logs: CopiedLog[] = []
  let damaged: Failure | undefined
  for (const file of files.toReversed()) {
    const next = logs.at(-1)
    if (next && file.generation !== next.header.generation - 1) break
    try {
      const log = await lookAtLog(folder, file)
      if (next && log.header.signLog !== next.header.signLog) break
      logs.push({ ...log, name: file.name })
    } catch (error) {
      damaged = damageOf(error, `${folder}\\${file.name}`)
      break
    }
  }
  return { logs: logs.reverse(), older: files.length - logs.length, damaged }
}

/** @returns undefined where there is none that goes on from the last closed log: with all logs closed, none is needed */
async function currentOf(folder: string, base: string, last: CopiedLog | undefined): Promise<CopiedLog | undefined> {
  try {
    const file = await fileAt(`${folder}\\${base}.log`)
    const header = await readLogHeader(localPath(file.path), file.path)
    if (last && whyNotNext(last.header, header) !== undefined) return undefined
    return { ...file, header }
  } catch {
    return undefined // whether it is needed is seen by what the database requires
  }
}

async function checkpointOf(folder: string, base: string): Promise<CopiedFile | undefined> {
  try {
    const file = await fileAt(`${folder}\\${base}.chk`)
    return parseCheckpoint(await firstBytes(localPath(file.path), checkpointSize)) ? file : undefined
  } catch {
    return undefined // recovery does without it
  }
}
