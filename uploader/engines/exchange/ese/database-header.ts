import { Failure } from '../../../../shared/failure.ts'
import { hasGoodChecksum } from './checksum.ts'
import { type BackupMark, backupMark, type LogPlace, logPlace, signature } from './fields.ts'

/** In the words of `eseutil /mh`. A copy made while the database was in use is `Dirty Shutdown`, and as good as any. */
export const databaseStates = [
  'Just Created',
  'Dirty Shutdown',
  'Clean Shutdown',
  'Being Converted',
  'Force Detach',
  'Incremental Reseed',
  'Dirty and Patched',
  'Revert in Progress',
] as const
export type DatabaseState = (typeof databaseStates)[number]

export interface DatabaseHeader {
  state: DatabaseState
  pageSize: number
  version: number
  signDb: string
  /** Of the logs that belong to it. */
  signLog: string
  /** Says nothing of whether it is clean: that is told by the state alone. */
  consistent: LogPlace
  /** Generations that recovery needs; 0 and 0 where it needs none. */
  required: { min: number; max: number }
  /** The highest generation with anything committed. */
  committed: number
  /** Times that it was repaired with `eseutil /p`. */
  repairs: number
  lastFull: BackupMark
  lastIncremental: BackupMark
  lastCopy: BackupMark
}

/** Bytes that are read to find both header pages, whatever the page size. */
export const headersSize = 2 * 32_768

const magic = 0x89abcdef
const pageSizes = [32_768, 16_384, 8192, 4096]
const oldPageSize = 4096
const typeDatabase = 1
const typeUnknown = 0

/**
 * Reads the first header page of a database, or where that is damaged the second.
 * @param bytes the first `headersSize` of the file; fewer where it is no longer
 * @throws Failure `exchange-header-damaged`, `exchange-not-a-database`
 */
export function parseDatabaseHeader(bytes: Buffer, path: string): { header: DatabaseHeader; shadow: boolean } {
  const primary = headerAt(bytes, 0)
  if (primary) return { header: parse(primary, path), shadow: false }
  for (const size of pageSizes) {
    const second = headerAt(bytes, size)
    if (second && pageSizeOf(second) === size) return { header: parse(second, path), shadow: true }
  }
  const known = bytes.length >= 8 && bytes.readUInt32LE(4) === magic
  if (known)
    throw new Failure('exchange-header-damaged', `Both header pages of ${path} are damaged`, {
      why: 'neither checksum is right',
      fix: 'Look with eseutil /mh, and see that the disk is sound',
    })
  throw notDatabase(path, 'it does not begin as one')
}

/** Where a page with a good checksum begins. What is behind the header in its page is zero, so that any length gives the same sum. */
function headerAt(bytes: Buffer, at: number): Buffer | undefined {
  const page = bytes.subarray(at, at + oldPageSize)
  if (page.length < oldPageSize || page.readUInt32LE(4) !== magic || !hasGoodChecksum(page)) return undefined
  return page
}

function pageSizeOf(page: Buffer): number {
  return page.readUInt32LE(236) || oldPageSize
}

function parse(page: Buffer, path: string): DatabaseHeader {
  const type = page.readUInt32LE(667)
  if (page.readUInt32LE(12) !== 0 || (type !== typeDatabase && type !== typeUnknown))
    throw notDatabase(path, `it is a file of type ${type}`)
  const state = databaseStates[page.readUInt32LE(52) - 1]
  if (state === undefined) throw notDatabase(path, `its state is ${page.readUInt32LE(52)}, which is not known`)
  const pageSize = pageSizeOf(page)
  if (!pageSizes.includes(pageSize)) throw notDatabase(path, `its pages would be of ${pageSize} bytes`)
  return {
    state,
    pageSize,
    version: page.readUInt32LE(8),
    signDb: signature(page, 24),
    signLog: signature(page, 108),
    consistent: logPlace(page, 56),
    required: { min: page.readInt32LE(296), max: page.readInt32LE(300) },
    committed: page.readInt32LE(416),
    repairs: page.readUInt32LE(240),
    lastFull: backupMark(page, 136),
    lastIncremental: backupMark(page, 160),
    lastCopy: backupMark(page, 420),
  }
}

function notDatabase(path: string, why: string): Failure {
  return new Failure('exchange-not-a-database', `${path} is not a database of Exchange`, {
    why,
    fix: 'See that the path that Exchange names is the database file',
  })
}
