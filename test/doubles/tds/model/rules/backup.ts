import type { Database } from '../database.ts'
import { mayBackUp } from '../rights.ts'
import { access, existence, type OpenFacts, state } from './open.ts'
import type { Rule } from './rule.ts'

export interface BackupFacts extends OpenFacts {
  what: 'DATABASE' | 'LOG'
  differential: boolean
  copyOnly: boolean
  compression: boolean
  /** BACKUP LOG … WITH NO_TRUNCATE: a damaged database may be read. */
  noTruncate: boolean
  inTransaction: boolean
  /** Another BACKUP DATABASE of the same database runs. */
  busy: boolean
  /** As SERVERPROPERTY('Edition') tells it. */
  edition: string
}

const page = 'BACKUP (Transact-SQL)'
const system = (database: Database, name: string) => database.name.toLowerCase() === name

/** The files disagree only when a file or a filegroup was backed up alone; then each has a base of its own. */
const hasBase = (database: Database) =>
  database.files.every(file => file.kind === 'LOG' || file.differentialBase !== null)

/** What SQL Server refuses to back up, in the order in which it asks. */
export const backupRules: Rule<BackupFacts>[] = [
  {
    number: 3021,
    source: `${page}: not allowed in an explicit or implicit transaction`,
    applies: facts => facts.inTransaction,
  },
  ...existence,
  {
    number: 3147,
    source: `${page}; reference 1.A, skip table: tempdb`,
    applies: ({ database }) => system(database!, 'tempdb'),
  },
  {
    number: 3002,
    source: 'Database Snapshots (SQL Server): snapshots cannot be backed up',
    applies: ({ database }) => database!.snapshotOf !== null,
  },
  ...access,
  {
    number: 262,
    source: `${page}, permissions: sysadmin, db_owner and db_backupoperator`,
    applies: ({ database, login }) => !mayBackUp(login, database!),
    values: ({ what, name }) => [`BACKUP ${what}`, name],
  },
  ...state.map(rule => ({
    ...rule,
    applies: (facts: BackupFacts) => rule.applies(facts) && !(facts.noTruncate && facts.database!.state === 'SUSPECT'),
  })),
  {
    number: 3033,
    source: 'Database Engine events and errors (3000 to 3999)',
    applies: ({ database }) => database!.state === 'EMERGENCY',
  },
  {
    number: 3036,
    source: 'RESTORE Arguments (Transact-SQL), STANDBY; reference 1.A, skip table: is_in_standby',
    applies: ({ database }) => database!.standby,
    values: ({ name }) => [name],
  },
  {
    number: 3059,
    source:
      'Offload supported backups to secondary replicas of an availability group: copy-only fulls and regular log backups alone',
    applies: ({ database, what, differential, copyOnly }) =>
      database!.availability?.role === 'SECONDARY' && (what === 'LOG' ? copyOnly : differential || !copyOnly),
  },
  {
    number: 3024,
    source: `${page}; reference 1.A, skip table: master`,
    applies: ({ database, differential }) => system(database!, 'master') && differential,
  },
  {
    number: 4212,
    source: 'Database Engine events and errors (4000 to 4999)',
    applies: ({ database, what }) => system(database!, 'master') && what === 'LOG',
  },
  {
    number: 4208,
    source: 'Recovery Models (SQL Server): no log backups under the simple recovery model',
    applies: ({ database, what }) => what === 'LOG' && database!.recovery === 'SIMPLE',
    values: () => ['BACKUP LOG'],
  },
  {
    number: 4214,
    source: 'MSSQLSERVER_4214; sys.database_recovery_status, last_log_backup_lsn',
    applies: ({ database, what }) => what === 'LOG' && database!.logBackupLsn === null,
  },
  {
    number: 3035,
    source: 'Differential Backups (SQL Server): the base',
    applies: ({ database, differential }) => differential && !hasBase(database!),
    values: ({ name }) => [name],
  },
  {
    number: 1844,
    source: 'Backup compression (SQL Server): Enterprise, Standard and Developer create compressed backups',
    applies: ({ compression, edition }) => compression && /^(Express|Web)/.test(edition),
    values: ({ what, edition }) => [`BACKUP ${what} WITH COMPRESSION`, edition],
  },
  {
    number: 3023,
    source: 'MSSQLSERVER_3023: one BACKUP DATABASE at a time; a log backup may run beside it',
    applies: ({ busy, what }) => busy && what === 'DATABASE',
  },
]
