import { randomUUID } from 'node:crypto'
import type { BackupSet } from './backup-set.ts'
import type { Commit, Database } from './database.ts'
import type { Instance } from './instance.ts'
import { LogEnd, type Lsn } from './lsn.ts'

/**
 * Begins a restore sequence. The database is restoring from now on, whatever becomes of the data.
 * The database GUID is new only where no database was before. Source: Microsoft, "sys.database_recovery_status", database_guid.
 *
 * @param moves logical name, in lower case, to physical name
 */
export function beginRestore(
  instance: Instance,
  name: string,
  set: BackupSet,
  moves: Map<string, string>,
  owner: string,
): Database {
  const existing = instance.find(name)
  const database = existing ?? instance.create(name, { owner })
  if (!existing) database.users.clear()
  database.state = 'RESTORING'
  database.standby = false
  database.restoredBase = null
  database.familyGuid = set.familyGuid
  database.recovery = set.recovery
  database.readOnly = set.readOnly
  database.userAccess = set.singleUser ? 'SINGLE_USER' : 'MULTI_USER'
  database.compatibility = set.compatibility
  database.containment = set.containment
  database.padding = set.padding
  database.damaged = false
  database.createDate = instance.clock.local()
  database.encryptedBy =
    [...instance.certificates.values()].find(each => each.thumbprint === set.encryptorThumbprint)?.name ?? null
  database.files = set.files.map(({ id, kind, logicalName, physicalName }) => {
    return {
      id,
      kind,
      logicalName,
      physicalName: moves.get(logicalName.toLowerCase()) ?? physicalName,
      differentialBase: null,
    }
  })
  return database
}

/** A full backup: the database is what the set holds. */
export function applyFull(database: Database, set: BackupSet, commits: Commit[]): void {
  database.commits = commits
  database.restoredBase = set.uuid
  database.fullBackupLsn = set.copyOnly ? set.databaseBackupLsn : set.checkpointLsn
  rollForward(database, set, set.lastLsn)
}

/** A differential: what changed since the base takes the place of what the base had of it. */
export function applyDifferential(database: Database, set: BackupSet, commits: Commit[]): void {
  database.commits = [...database.commits.filter(commit => commit.lsn < set.differentialBase!.lsn), ...commits]
  rollForward(database, set, set.lastLsn)
}

/** Where to stop in a log: before the first commit after a time, or at a record. */
export type Stop = { kind: 'time'; time: number } | { kind: 'at-mark' | 'before-mark'; lsn: Lsn }

/** @returns whether the stop was reached; without one the whole log is applied, and nothing is left to reach */
export function applyLog(database: Database, set: BackupSet, commits: Commit[], stop: Stop | null): boolean {
  const news = commits.filter(commit => commit.lsn >= database.end)
  const at = stop === null ? null : stopLsn(set, news, stop)
  const end = at ?? set.lastLsn
  database.commits = [...database.commits, ...news.filter(commit => commit.lsn < end)]
  rollForward(database, set, end)
  return stop === null || at !== null || (stop.kind === 'time' && set.finishedAt >= stop.time)
}

function stopLsn(set: BackupSet, commits: Commit[], stop: Stop): Lsn | null {
  if (stop.kind === 'time') return commits.find(commit => commit.time > stop.time)?.lsn ?? null
  const end = stop.kind === 'at-mark' ? stop.lsn + 1n : stop.lsn
  return end <= set.lastLsn ? end : null
}

function rollForward(database: Database, set: BackupSet, end: Lsn): void {
  database.log = LogEnd.at(end)
  database.checkpointLsn = end
  database.forks = set.forks.filter((fork, index) => index === 0 || fork.from < end)
  database.recovery = set.recovery
  if (set.type === 'L') return
  for (const file of database.files) if (file.kind !== 'LOG') file.differentialBase = set.baseAfter
}

/**
 * WITH RECOVERY: the database opens on a recovery fork of its own, and its log chain goes on from there.
 * Source: Microsoft, "Recovery Paths (SQL Server)"; reference 1.A, recovery forks.
 */
export function recover(database: Database): void {
  const from = database.end
  database.forks = [...database.forks, { guid: randomUUID(), from }]
  database.log.record()
  database.log.flush()
  database.checkpointLsn = from
  database.state = 'ONLINE'
  database.standby = false
  database.restoredBase = null
  database.logBackupLsn = database.recovery === 'SIMPLE' ? null : from
  database.logChainBegins = false
}

/** WITH STANDBY: open for reading, and more may be restored. Source: Microsoft, "RESTORE Arguments (Transact-SQL)", STANDBY. */
export function standBy(database: Database): void {
  database.state = 'ONLINE'
  database.standby = true
}
