import { forkAt } from '../model/backup-set.ts'
import type { Database, DatabaseFile, DatabaseState } from '../model/database.ts'
import type { Instance } from '../model/instance.ts'
import { maySeeFiles } from '../model/rights.ts'
import { columnsOf, type Table, table } from '../query/table.ts'
import {
  bit,
  datetime,
  int,
  lsnType,
  nvarchar,
  type SqlValue,
  sysname,
  tinyint,
  uniqueidentifier,
} from '../query/types.ts'
import type { Asker } from './visitor.ts'

/** Source: Microsoft, "sys.databases (Transact-SQL)", state. */
const stateNumbers: Record<DatabaseState, number> = {
  ONLINE: 0,
  RESTORING: 1,
  RECOVERING: 2,
  RECOVERY_PENDING: 3,
  SUSPECT: 4,
  EMERGENCY: 5,
  OFFLINE: 6,
}
const recoveryNumbers = { FULL: 1, BULK_LOGGED: 2, SIMPLE: 3 }
const accessNumbers = { MULTI_USER: 0, SINGLE_USER: 1, RESTRICTED_USER: 2 }

/** What keeps the log from being cut. Source: Microsoft, "sys.databases (Transact-SQL)", log_reuse_wait. */
function logReuseWait(database: Database): [number, string] {
  return database.recovery !== 'SIMPLE' && database.logBackupLsn !== null ? [2, 'LOG_BACKUP'] : [0, 'NOTHING']
}

const databaseColumns = columnsOf<Database>([
  ['name', sysname, database => database.name],
  ['database_id', int, database => database.id],
  ['source_database_id', int, database => database.snapshotOf],
  ['create_date', datetime, database => database.createDate],
  ['compatibility_level', tinyint, database => database.compatibility],
  ['collation_name', sysname, () => 'SQL_Latin1_General_CP1_CI_AS'],
  ['user_access', tinyint, database => accessNumbers[database.userAccess]],
  ['user_access_desc', nvarchar(60), database => database.userAccess],
  ['is_read_only', bit, database => Number(database.readOnly)],
  ['is_auto_close_on', bit, () => 0],
  ['state', tinyint, database => stateNumbers[database.state]],
  ['state_desc', nvarchar(60), database => database.state],
  ['is_in_standby', bit, database => Number(database.standby)],
  ['is_cleanly_shutdown', bit, () => 0],
  ['recovery_model', tinyint, database => recoveryNumbers[database.recovery]],
  ['recovery_model_desc', nvarchar(60), database => database.recovery],
  ['page_verify_option', tinyint, () => 2],
  ['page_verify_option_desc', nvarchar(60), () => 'CHECKSUM'],
  ['is_published', bit, () => 0],
  ['is_distributor', bit, () => 0],
  ['is_cdc_enabled', bit, () => 0],
  ['is_encrypted', bit, database => Number(database.encryptedBy !== null)],
  ['log_reuse_wait', tinyint, database => logReuseWait(database)[0]],
  ['log_reuse_wait_desc', nvarchar(60), database => logReuseWait(database)[1]],
  ['containment', tinyint, database => Number(database.containment)],
  ['containment_desc', nvarchar(60), database => (database.containment ? 'PARTIAL' : 'NONE')],
  ['replica_id', uniqueidentifier, database => database.availability?.replicaId.toUpperCase() ?? null],
  [
    'group_database_id',
    uniqueidentifier,
    database => (database.availability ? database.familyGuid.toUpperCase() : null),
  ],
])

export function databases({ instance }: Asker): Table {
  return table(databaseColumns, instance.databases)
}

/** A database that is not open has none of these. Source: Microsoft, "sys.database_recovery_status". */
const opened =
  (value: (database: Database) => SqlValue) =>
  (database: Database): SqlValue =>
    database.state === 'ONLINE' ? value(database) : null

const recoveryColumns = columnsOf<Database>([
  ['database_id', int, database => database.id],
  ['database_guid', uniqueidentifier, opened(database => database.guid.toUpperCase())],
  ['family_guid', uniqueidentifier, opened(database => database.familyGuid.toUpperCase())],
  ['last_log_backup_lsn', lsnType, opened(database => database.logBackupLsn)],
  ['recovery_fork_guid', uniqueidentifier, opened(database => database.fork.guid.toUpperCase())],
  ['first_recovery_fork_guid', uniqueidentifier, opened(database => firstFork(database).guid.toUpperCase())],
  ['fork_point_lsn', lsnType, opened(database => (firstFork(database) === database.fork ? null : database.fork.from))],
])

function firstFork(database: Database) {
  return database.logBackupLsn === null ? database.fork : forkAt(database.forks, database.logBackupLsn)
}

export function recoveryStatus({ instance }: Asker): Table {
  return table(recoveryColumns, instance.databases)
}

const mirroringColumns = columnsOf<Database>([
  ['database_id', int, database => database.id],
  ['mirroring_guid', uniqueidentifier, database => (database.mirroring ? database.familyGuid.toUpperCase() : null)],
  ['mirroring_state', tinyint, database => (database.mirroring ? 4 : null)],
  ['mirroring_state_desc', nvarchar(60), database => (database.mirroring ? 'SYNCHRONIZED' : null)],
  ['mirroring_role', tinyint, database => (database.mirroring ? (database.mirroring === 'MIRROR' ? 2 : 1) : null)],
  ['mirroring_role_desc', nvarchar(60), database => database.mirroring],
])

export function mirroring({ instance }: Asker): Table {
  return table(mirroringColumns, instance.databases)
}

interface FileOf {
  database: Database
  file: DatabaseFile
}

/** Source: Microsoft, "sys.master_files (Transact-SQL)", type. */
const fileTypes = { ROWS: 0, LOG: 1, FILESTREAM: 2 }
/** Pages of an empty file. */
const emptyFile = 1024
const pageSize = 8192

function pages({ database, file }: FileOf): number {
  return emptyFile + (file.id === 1 ? Math.ceil(database.padding / pageSize) : 0)
}

const fileColumns = columnsOf<FileOf>([
  ['file_id', int, ({ file }) => file.id],
  ['type', tinyint, ({ file }) => fileTypes[file.kind]],
  ['type_desc', nvarchar(60), ({ file }) => file.kind],
  ['data_space_id', int, ({ file }) => (file.kind === 'LOG' ? 0 : 1)],
  ['name', sysname, ({ file }) => file.logicalName],
  ['physical_name', nvarchar(260), ({ file }) => file.physicalName],
  ['state', tinyint, ({ database }) => stateNumbers[database.state]],
  ['state_desc', nvarchar(60), ({ database }) => database.state],
  ['size', int, pages],
  ['max_size', int, () => -1],
  ['is_read_only', bit, ({ database }) => Number(database.readOnly)],
  ['differential_base_lsn', lsnType, ({ file }) => file.differentialBase?.lsn ?? null],
  ['differential_base_guid', uniqueidentifier, ({ file }) => file.differentialBase?.guid.toUpperCase() ?? null],
])
const masterFileColumns = [...columnsOf<FileOf>([['database_id', int, ({ database }) => database.id]]), ...fileColumns]

const filesOf = (database: Database): FileOf[] => database.files.map(file => ({ database, file }))

/** Empty for whom may not see it: a login without VIEW ANY DEFINITION gets no rows, and no error. */
export function masterFiles({ instance, visitor }: Asker): Table {
  return table(masterFileColumns, maySeeFiles(visitor.login) ? instance.databases.flatMap(filesOf) : [])
}

export function databaseFiles(database: Database): Table {
  return table(fileColumns, filesOf(database))
}

/** FILEPROPERTY(name, 'SpaceUsed'): pages. */
export function spaceUsed(database: Database, logicalName: string): number | null {
  const file = filesOf(database).find(each => each.file.logicalName.toLowerCase() === logicalName.toLowerCase())
  return file ? pages(file) - emptyFile + 256 : null
}

interface Replica {
  database: Database
  availability: NonNullable<Database['availability']>
}

const replicaColumns = columnsOf<Replica>([
  ['database_id', int, ({ database }) => database.id],
  ['group_database_id', uniqueidentifier, ({ database }) => database.familyGuid.toUpperCase()],
  ['replica_id', uniqueidentifier, ({ availability }) => availability.replicaId.toUpperCase()],
  ['is_local', bit, () => 1],
  ['synchronization_state', tinyint, () => 2],
  ['synchronization_state_desc', nvarchar(60), () => 'SYNCHRONIZED'],
])
/** Source: Microsoft, "sys.dm_hadr_database_replica_states (Transact-SQL)", is_primary_replica: from 2014 on. */
const replicaColumnsSince2014 = columnsOf<Replica>([
  ['is_primary_replica', bit, ({ availability }) => Number(availability.role === 'PRIMARY')],
])

function replicas(instance: Instance): Replica[] {
  return instance.databases.flatMap(database => {
    const { availability } = database
    return availability ? [{ database, availability }] : []
  })
}

export function replicaStates({ instance }: Asker): Table {
  const more = instance.release.major >= 12 ? replicaColumnsSince2014 : []
  return table([...replicaColumns, ...more], replicas(instance))
}

const availabilityColumns = columnsOf<Replica>([
  ['replica_id', uniqueidentifier, ({ availability }) => availability.replicaId.toUpperCase()],
  ['is_local', bit, () => 1],
  ['role', tinyint, ({ availability }) => (availability.role === 'PRIMARY' ? 1 : 2)],
  ['role_desc', nvarchar(60), ({ availability }) => availability.role],
])

/** One row for each group: every database of the double is in a group of its own. */
export function availabilityStates({ instance }: Asker): Table {
  return table(availabilityColumns, replicas(instance))
}

interface Key {
  database: Database
  thumbprint: string
}

const keyColumns = columnsOf<Key>([
  ['database_id', int, ({ database }) => database.id],
  ['encryption_state', int, () => 3],
  ['encryptor_thumbprint', { name: 'varbinary', length: 20 }, ({ thumbprint }) => Buffer.from(thumbprint, 'hex')],
  ['encryptor_type', nvarchar(32), () => 'CERTIFICATE'],
  ['key_algorithm', nvarchar(32), () => 'AES'],
  ['key_length', int, () => 256],
])

export function encryptionKeys({ instance }: Asker): Table {
  const keys = instance.databases.flatMap(database => {
    const { encryptedBy } = database
    return encryptedBy === null ? [] : [{ database, thumbprint: instance.certificate(encryptedBy).thumbprint }]
  })
  return table(keyColumns, keys)
}
