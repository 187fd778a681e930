import type { Row } from '../connection/server.ts'
import type { Task } from '../plan/judge.ts'
import { type Behind, continues } from '../plan/log.ts'
import type { BackupSet } from './backup-set.ts'

/** BackupType of RESTORE HEADERONLY, and the type in the history. */
const types = { full: [1, 'D'], differential: [5, 'I'], log: [2, 'L'] } as const

/** Why it is not the backup that was asked for; undefined where it is. */
export function wrongSet({ kind, copyOnly }: Pick<Task, 'kind' | 'copyOnly'>, set: BackupSet): string | undefined {
  const [, letter] = types[kind]
  if (set.type !== letter) return 'the server wrote another kind of backup'
  if (set.damaged) return 'the server read damaged pages'
  if (!set.checksums) return 'the backup has no checksums'
  if (kind === 'full' && set.copyOnly !== copyOnly) return 'the server wrote another kind of full'
  return undefined
}

/** Why a file does not hold the backup that the history tells of; undefined where it does. */
export function wrongHeader(kind: Task['kind'], set: BackupSet, header: Row[]): string | undefined {
  const [only, ...others] = header
  const [number] = types[kind]
  if (!only || others.length > 0 || Number(only.Position) !== 1) return 'the file holds other backups than ours'
  if (String(only.BackupSetGUID).toLowerCase() !== set.guid) return 'the file is of another backup than ours'
  if (Number(only.BackupType) !== number) return 'the file holds another kind of backup'
  if (isTrue(only.IsDamaged)) return 'the server read damaged pages'
  if (!isTrue(only.HasBackupChecksums)) return 'the file has no checksums'
  return undefined
}

/** Why a backup that is sound does not belong to the chain that it was taken for: somebody came between the look at the server and the backup. */
export function doesNotBelong({ kind, base, behind, database }: Task, set: BackupSet): string | undefined {
  if (kind === 'full') return undefined
  if (set.family !== database.family || set.database !== database.guid || set.lastFork !== database.fork)
    return 'the database was replaced or restored while the run was under way'
  if (kind === 'differential')
    return set.differentialBase === base!.set
      ? undefined
      : 'somebody else took a full backup while the run was under way'
  if (set.firstFork !== set.lastFork && !isForkedBefore(set, behind!))
    return 'its log leads from one recovery fork into another'
  return continues(set.firstLsn, behind!) ? undefined : 'somebody else took a log backup while the run was under way'
}

/** The first log after a RESTORE begins on the fork before it. What our full or differential on the new fork needs of it lies behind the fork. */
function isForkedBefore({ forkPoint }: BackupSet, { data }: Behind): boolean {
  return data !== undefined && forkPoint !== null && forkPoint <= data.to.at
}

function isTrue(value: unknown): boolean {
  return value === true || value === 1
}
