import { type BackupSet, forkAt } from '../backup-set.ts'
import type { Database, Fork } from '../database.ts'
import type { Login } from '../login.ts'
import type { Lsn } from '../lsn.ts'
import { mayRestore } from '../rights.ts'
import { checksumRules } from './media.ts'
import type { Rule } from './rule.ts'

/** Before a device is opened. */
export interface TargetFacts {
  name: string
  login: Login
  existing: Database | undefined
  inTransaction: boolean
  /** The session's own database. */
  own: boolean
  /** Sessions that have the database open, this one aside. */
  others: number
}

const page = 'RESTORE Statements (Transact-SQL)'

export const targetRules: Rule<TargetFacts>[] = [
  { number: 3021, source: `${page}: not allowed in a transaction`, applies: facts => facts.inTransaction },
  {
    number: 3147,
    source: 'Database Engine events and errors (3000 to 3999)',
    applies: ({ name }) => name.toLowerCase() === 'tempdb',
  },
  {
    number: 3002,
    source: 'Database Snapshots (SQL Server)',
    applies: ({ existing }) => existing !== undefined && existing.snapshotOf !== null,
  },
  {
    number: 3110,
    source: `${page}, permissions: sysadmin, dbcreator and the owner; db_owner has no right to restore`,
    applies: ({ login, existing }) => !mayRestore(login, existing),
    values: ({ name }) => [name],
  },
  {
    number: 3108,
    source: 'Restore the master Database (Transact-SQL): the server in single-user mode',
    applies: ({ name }) => name.toLowerCase() === 'master',
  },
  {
    number: 3104,
    source: 'Database Engine events and errors (3000 to 3999); reference 1.E: leave the availability group first',
    applies: ({ existing }) =>
      existing !== undefined && (existing.availability !== null || existing.mirroring !== null),
    values: ({ name }) => [name],
  },
  {
    number: 3102,
    source: `${page}: run it from master`,
    applies: ({ own }) => own,
    values: ({ name }) => [name],
  },
  {
    number: 3101,
    source: `${page}: exclusive access; reference 1.E`,
    applies: ({ others }) => others > 0,
  },
]

/** With the backup set at hand. */
export interface SetFacts {
  what: 'DATABASE' | 'LOG'
  name: string
  device: string
  existing: Database | undefined
  set: BackupSet
  replace: boolean
  /** CHECKSUM was asked for. */
  checksum: boolean
  /** STOPAT on the wall clock, milliseconds; a mark by LSN, and whether the record itself is left out. */
  stopAt: number | null
  stopMark: Lsn | null
  /** Thumbprints of the certificates that this server holds. */
  certificates: Set<string>
  /** Internal version numbers of the database in the set and of this server. */
  setVersion: number
  serverVersion: number
}

/** A restore sequence has begun and is not recovered. */
const restoring = (database: Database | undefined) =>
  database !== undefined && (database.state === 'RESTORING' || database.standby)

/** Both histories are the same up to `at`. Source: Microsoft, "Recovery Paths (SQL Server)". */
function sameUpTo(at: Lsn, ours: Fork[], theirs: Fork[]): boolean {
  return forkAt(ours, at).guid === forkAt(theirs, at).guid
}

/** Whether any backup set may be read into this server. */
const readable: Rule<SetFacts>[] = [
  {
    number: 3135,
    source: 'Database Engine events and errors (3000 to 3999)',
    applies: ({ what, set }) => (what === 'LOG') !== (set.type === 'L'),
    values: ({ device, set }) => [device, set.type === 'L' ? 'BACKUP LOG' : 'BACKUP DATABASE'],
  },
  {
    number: 3169,
    source: `MSSQLSERVER_3169; ${page}: a newer version's backup cannot be restored`,
    applies: ({ setVersion, serverVersion }) => setVersion > serverVersion,
    values: ({ setVersion, serverVersion }) => [setVersion, serverVersion],
  },
  {
    number: 33111,
    source: 'Move a TDE protected database to another SQL Server: the certificate first',
    applies: ({ set, certificates }) => set.encryptorThumbprint !== null && !certificates.has(set.encryptorThumbprint),
    values: ({ set }) => [`0x${set.encryptorThumbprint}`],
  },
  ...checksumRules.map(rule => ({
    ...rule,
    applies: ({ checksum, set }: SetFacts) => rule.applies({ checksum, checksums: set.checksums }),
    values: undefined,
  })),
]

/** A full backup set begins a sequence. */
const full: Rule<SetFacts>[] = [
  {
    number: 3154,
    source: 'RESTORE Arguments (Transact-SQL), REPLACE: another database of that name is not overwritten',
    applies: ({ existing, set, replace }) =>
      existing !== undefined && existing.familyGuid !== set.familyGuid && !replace,
    values: ({ name }) => [name],
  },
  {
    number: 3159,
    source: 'MSSQLSERVER_3159; Tail-Log Backups (SQL Server)',
    applies: ({ existing, replace, stopAt }) =>
      existing !== undefined &&
      existing.state === 'ONLINE' &&
      !existing.standby &&
      existing.recovery !== 'SIMPLE' &&
      existing.logBackupLsn !== null &&
      !replace &&
      stopAt === null,
    values: ({ name }) => [name],
  },
  {
    number: 4338,
    source: 'Restore a SQL Server database to a point in time (full recovery model): the backup ends before it',
    applies: ({ set, stopAt }) => stopAt !== null && stopAt < set.finishedAt,
  },
]

/** A differential or a log goes on with one. */
const continuation: Rule<SetFacts>[] = [
  {
    number: 3118,
    source: 'Database Engine events and errors (3000 to 3999)',
    applies: ({ existing }) => existing === undefined,
    values: ({ name }) => [name],
  },
  {
    number: 3117,
    source: `${page}: WITH NORECOVERY for all but the last`,
    applies: ({ existing }) => !restoring(existing),
  },
]

const differential: Rule<SetFacts>[] = [
  {
    number: 3136,
    source: 'Differential Backups (SQL Server): restore the base first; reference 1.C, chain rules',
    applies: ({ existing, set }) => existing!.restoredBase !== set.differentialBase?.guid,
  },
  {
    number: 3120,
    source: 'Database Engine events and errors (3000 to 3999)',
    applies: ({ existing, set }) => set.lastLsn < existing!.end,
  },
]

const log: Rule<SetFacts>[] = [
  {
    number: 4305,
    source: 'Apply Transaction Log Backups (SQL Server); reference 1.C, chain rules: first_lsn',
    applies: ({ existing, set }) => set.firstLsn > existing!.end && set.familyGuid === existing!.familyGuid,
    values: ({ existing, set }) => [set.firstLsn, existing!.end],
  },
  {
    number: 4326,
    source: 'Apply Transaction Log Backups (SQL Server); reference 1.C, chain rules: last_lsn',
    applies: ({ existing, set }) => set.lastLsn < existing!.end && set.familyGuid === existing!.familyGuid,
    values: ({ existing, set }) => [set.lastLsn, existing!.end],
  },
  {
    number: 4330,
    source: 'Recovery Paths (SQL Server)',
    applies: ({ existing, set }) =>
      set.familyGuid !== existing!.familyGuid || !sameUpTo(existing!.end, existing!.forks, set.forks),
  },
  {
    number: 4341,
    source: 'The Bulk-Logged recovery model: no point in time inside a log backup with bulk-logged changes',
    applies: ({ set, stopAt }) => set.bulkLogged && stopAt !== null && stopAt < set.finishedAt,
  },
  {
    number: 4335,
    source: 'Database Engine events and errors (4000 to 4999)',
    applies: ({ existing, stopAt, stopMark }) =>
      (stopAt !== null && existing!.commits.some(commit => commit.time > stopAt)) ||
      (stopMark !== null && stopMark < existing!.end),
  },
]

export const setRules: Record<BackupSet['type'], Rule<SetFacts>[]> = {
  D: [...readable, ...full],
  I: [...readable, ...continuation, ...differential],
  L: [...readable, ...continuation, ...log],
}
