import { messageOf } from '../../../../shared/failure.ts'
import { FileUnreadable, readWhole, type ServerFile, type ServerFiles, sliceBytes } from '../files/server-file.ts'
import type { ArchivedLog } from '../logs/archived-log.ts'
import { headerOf, isWhole, type RedoLogHeader } from '../verify/redo-log.ts'

/** No copy of an archived log can be read any more. */
export class LogGone extends Error {
  readonly log: ArchivedLog

  constructor(log: ArchivedLog, reasons: readonly string[]) {
    super(`sequence ${log.sequence} of thread ${log.thread} cannot be read: ${reasons.join('; ')}`)
    this.name = 'LogGone'
    this.log = log
  }
}

/**
 * A whole archived log, each block checked. All copies hold the same bytes, so where one ends or is damaged in the middle, the next one goes on from there.
 * @param again further paths, asked for once all that were known are used up
 * @throws LogGone
 */
export async function* copyLog(
  files: ServerFiles,
  log: ArchivedLog,
  databaseId: string,
  again: (tried: ReadonlySet<string>) => Promise<string[]>,
): AsyncGenerator<Buffer, void, undefined> {
  const wanted = (log.blocks + 1) * log.blockSize
  const reasons: string[] = []
  const tried = new Set<string>()
  let paths = log.paths
  let offset = 0
  for (;;) {
    const path = paths.find(each => !tried.has(each)) ?? (await again(tried)).find(each => !tried.has(each))
    if (path === undefined) throw new LogGone(log, reasons.length > 0 ? reasons : ['every copy was deleted'])
    paths = paths.filter(each => each !== path)
    tried.add(path)
    try {
      for await (const slice of read(files, path, log, databaseId, offset)) {
        yield slice
        offset += slice.length
      }
      if (offset >= wanted) return
      reasons.push(`${path} ends after ${offset} of ${wanted} bytes`)
    } catch (error) {
      if (!(error instanceof FileUnreadable || error instanceof Damaged)) throw error
      reasons.push(`${path}: ${messageOf(error)}`)
    }
  }
}

class Damaged extends Error {}

async function* read(
  files: ServerFiles,
  path: string,
  log: ArchivedLog,
  databaseId: string,
  from: number,
): AsyncGenerator<Buffer, void, undefined> {
  const file = await files.open(path)
  try {
    const header = await requireHeader(file, log, databaseId)
    const { blockSize, blocks } = log
    const end = (blocks + 1) * blockSize
    for (let offset = from; offset < end; ) {
      const all = await readWhole(file, offset, Math.min(sliceBytes, end - offset))
      const slice = all.subarray(0, all.length - (all.length % blockSize))
      if (slice.length === 0) return
      const whole = wholeBytes(slice, offset, header)
      if (whole > 0) yield slice.subarray(0, whole)
      if (whole < slice.length) throw new Damaged(`block ${(offset + whole) / blockSize} is damaged`)
      offset += slice.length
    }
  } finally {
    await file.close()
  }
}

async function requireHeader(file: ServerFile, log: ArchivedLog, databaseId: string): Promise<RedoLogHeader> {
  const header = headerOf(await readWhole(file, 0, 2 * log.blockSize))
  if (!header) throw new Damaged('it does not begin as a redo log')
  const same =
    header.databaseId === databaseId &&
    header.thread === log.thread &&
    header.sequence === log.sequence &&
    header.incarnation === log.incarnation &&
    header.firstScn === log.firstScn &&
    header.nextScn === log.nextScn
  if (!same)
    throw new Damaged(
      `it holds sequence ${header.sequence} of thread ${header.thread} of database ${header.databaseId} from SCN ${header.firstScn} to ${header.nextScn}`,
    )
  return header
}

/** How many bytes are in blocks that are whole, up to the first that is not. */
function wholeBytes(slice: Buffer, offset: number, header: RedoLogHeader): number {
  const { blockSize } = header
  for (let at = 0; at < slice.length; at += blockSize) {
    const number = (offset + at) / blockSize
    if (number > 0 && !isWhole(slice.subarray(at, at + blockSize), number, header)) return at
  }
  return slice.length
}
