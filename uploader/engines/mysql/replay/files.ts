import { join } from 'node:path'
import { Failure } from '../../../../shared/failure.ts'
import type { RestoreInput } from '../../engine.ts'
import { numberOf, parseLogPosition } from '../position.ts'

/** A log that is replayed, as far as it was backed up. */
export interface ReplayFile {
  /** As the server called it. */
  name: string
  /** Relative to the directory of the restore. */
  file: string
  path: string
  /** Where its first event that counts begins. */
  from: number
  until: number
}

/**
 * The logs from where the full ends, in order. One that was still written to when it was first backed up is there more than once: the longest
 * holds the others.
 * Without `--apply` only some of the files may be there: then there is nothing to be said of a replay.
 * @throws Failure `log-missing` for a gap, which the receiver's chain does not have
 */
export function replayFiles(input: RestoreInput): ReplayFile[] {
  const data = input.snapshots.findLast(({ kind }) => kind !== 'log')?.units[0]
  const byNumber = new Map<number, RestoreInput['files'][number]>()
  for (const file of input.files) {
    if (file.role !== 'log') continue
    const number = numberOf(file.name)
    const known = byNumber.get(number)
    if (!known || known.size < file.size) byNumber.set(number, file)
  }
  if (!data || byNumber.size === 0) return []
  const start = parseLogPosition(data.to.at)
  const last = input.snapshots.at(-1)!.units[0]!.to
  const end = parseLogPosition(last.at)
  const files: ReplayFile[] = []
  for (let number = start.number; number <= end.number; number++) {
    const file = byNumber.get(number)
    const isEnd = number === end.number
    if (!file && isEnd && end.offset <= 4) break
    if (!file && !input.apply) return []
    if (!file)
      throw new Failure('log-missing', `Binary log ${number} is not among the files`, {
        why: `the backup before it ends in log ${start.number}, the last log in ${end.number}`,
        fix: 'Restore the files again, into an empty directory, without --only',
      })
    files.push({
      name: file.name.slice(file.name.lastIndexOf('/') + 1),
      file: file.name,
      path: join(input.directory, ...file.name.split('/')),
      from: number === start.number ? start.offset : 4,
      until: isEnd ? Math.min(end.offset, file.size) : file.size,
    })
  }
  return files
}
