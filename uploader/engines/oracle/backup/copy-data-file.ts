import { setTimeout } from 'node:timers/promises'
import { Failure } from '../../../../shared/failure.ts'
import { readWhole, type ServerFile, sliceBytes } from '../files/server-file.ts'
import type { DataFile } from '../inventory.ts'
import { isBefore } from '../position.ts'
import { type DataFileHeader, headerOf, isWhole } from '../verify/data-file.ts'

export interface Expected {
  file: DataFile
  /** DBIDs that its header may name: of the database, and of the container that it belongs to. */
  databaseIds: readonly string[]
  /** Since when it is in backup mode; undefined for a file that nobody writes to. */
  since: string | undefined
  signal: AbortSignal
}

export interface Copied {
  header: DataFileHeader
  bytes: number
  /** Blocks that are not whole on the server's disk either. */
  damaged: number[]
}

/** A block that is being written is whole a moment later. */
const attempts = 5
const pause = 20

/**
 * The whole file as it is now, each block checked. One that is not whole was mostly caught while the server wrote it, and is read again; what stays so is on the disk
 * like that. The file may grow meanwhile: it is read to where it ends then, so that it is no shorter than its own header says.
 * @throws Failure `oracle-file-wrong`, `oracle-file-short`
 */
export async function* copyDataFile(
  from: ServerFile,
  expected: Expected,
  done: (copied: Copied) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const { file, signal } = expected
  const damaged: number[] = []
  let header: DataFileHeader | undefined
  let offset = 0
  for (let size = 0; ; ) {
    if (offset >= size) {
      const now = await from.size()
      size = now - (now % file.blockSize)
      if (offset >= size) break
    }
    signal.throwIfAborted()
    const read = await readWhole(from, offset, Math.min(sliceBytes, size - offset))
    const slice = read.subarray(0, read.length - (read.length % file.blockSize))
    if (slice.length === 0) break
    header ??= requireHeader(slice, expected)
    const { bytes, torn } = await mended(from, slice, offset, header, signal)
    for (const number of torn) damaged.push(number)
    yield bytes
    offset += bytes.length
  }
  if (!header) throw wrong(file, 'it is empty')
  const wanted = (header.blocks + 1) * header.blockSize
  if (offset < wanted)
    throw new Failure('oracle-file-short', `${file.path} ended before it was all read`, {
      why: `its header says ${wanted} bytes, and ${offset} came`,
      fix: 'Run the backup again; if it stays so, look at the disk of the server',
      retriable: true,
    })
  done({ header, bytes: offset, damaged })
}

function requireHeader(start: Buffer, { file, databaseIds, since }: Expected): DataFileHeader {
  const header = headerOf(start)
  if (!header) throw wrong(file, 'it does not begin as one')
  if (!databaseIds.includes(header.databaseId))
    throw wrong(file, `its header names the database ${header.databaseId}, and this is ${databaseIds[0]}`)
  if (header.fileNumber !== file.number)
    throw wrong(file, `its header says that it is file ${header.fileNumber}, and it is listed as ${file.number}`)
  if (header.blockSize !== file.blockSize)
    throw wrong(file, `its header says blocks of ${header.blockSize} bytes, and it is listed with ${file.blockSize}`)
  const least = since ?? file.checkpointScn
  if (isBefore(header.checkpointScn, least))
    throw wrong(file, `its header stands at SCN ${header.checkpointScn}, and the database says ${least}`)
  return header
}

function wrong({ path }: DataFile, why: string): Failure {
  return new Failure('oracle-file-wrong', `${path} is not the data file that the database names so`, {
    why,
    fix: 'See whether paths leads to the right place, and no copy of an earlier time is mounted there',
  })
}

/** The slice with whole blocks in the place of torn ones, where the file has them by now, and the numbers of those that stay torn. */
async function mended(
  from: ServerFile,
  slice: Buffer,
  offset: number,
  { blockSize, order }: DataFileHeader,
  signal: AbortSignal,
): Promise<{ bytes: Buffer; torn: number[] }> {
  const torn: number[] = []
  for (let at = 0; at < slice.length; at += blockSize) {
    const number = (offset + at) / blockSize
    if (number > 0 && !isWhole(slice.subarray(at, at + blockSize), order)) torn.push(number)
  }
  if (torn.length === 0) return { bytes: slice, torn }
  // What was read is gone with the next read.
  const kept = Buffer.from(slice)
  const still: number[] = []
  for (const number of torn) {
    const whole = await readAgain(from, number * blockSize, blockSize, order, signal)
    if (whole) whole.copy(kept, number * blockSize - offset)
    else still.push(number)
  }
  return { bytes: kept, torn: still }
}

async function readAgain(
  from: ServerFile,
  offset: number,
  blockSize: number,
  order: DataFileHeader['order'],
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if (attempt > 1) await setTimeout(pause, undefined, { signal })
    const block = await readWhole(from, offset, blockSize)
    if (block.length === blockSize && isWhole(block, order)) return Buffer.from(block)
  }
  return undefined
}
