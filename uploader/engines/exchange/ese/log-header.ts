import { Failure } from '../../../../shared/failure.ts'
import { hasGoodChecksum } from './checksum.ts'
import { rawTime, signature } from './fields.ts'

/** What a transaction log says of itself in its first sector. */
export interface LogHeader {
  generation: number
  /** Bytes of the whole file. */
  size: number
  version: { major: number; minor: number }
  /** Raw, to be compared: each log names the creation time of the one before. */
  created: string
  previousCreated: string
  signLog: string
  /** Circular logging was on when it was made, or before. */
  circular: boolean
}

export const logHeaderSize = 4096
const typeLog = 3
const circularNow = 2
const circularBefore = 4

/** @throws Failure `exchange-log-damaged` */
export function parseLogHeader(bytes: Buffer, path: string): LogHeader {
  const page = bytes.subarray(0, logHeaderSize)
  if (page.length < logHeaderSize) throw logDamaged(path, `it has only ${bytes.length} bytes`)
  if (!hasGoodChecksum(page))
    throw logDamaged(path, 'the checksum of its header is wrong (JET_errLogFileCorrupt, -501)')
  const version = { major: page.readUInt32LE(32), minor: page.readUInt32LE(36) }
  const type = page.readUInt32LE(667)
  // Before 7.3704.5 a log had no type.
  if (type !== typeLog && !(type === 0 && version.major === 7)) throw logDamaged(path, `it is a file of type ${type}`)
  if (version.major !== 7 && version.major !== 8)
    throw logDamaged(path, `it is of version ${version.major}.${version.minor} (JET_errBadLogVersion, -514)`)
  return {
    generation: page.readInt32LE(4),
    size: page.readUInt16LE(8) * page.readUInt16LE(12),
    version,
    created: rawTime(page, 16),
    previousCreated: rawTime(page, 24),
    signLog: signature(page, 44),
    circular: (page.readUInt8(639) & (circularNow | circularBefore)) !== 0,
  }
}

export function logDamaged(path: string, why: string): Failure {
  return new Failure('exchange-log-damaged', `The transaction log ${path} is not whole`, {
    why,
    fix: 'Look with eseutil /ml, and see that the disk is sound. A full backup heals it once no recovery needs this log any more; until then, move the mailboxes to another database',
  })
}
