import { Failure } from '../../../shared/failure.ts'
import { text, textOrNull } from '../row.ts'
import { loginOf } from './connection/login.ts'
import { flag, guidOrNull } from './connection/row.ts'
import type { Row, Server } from './connection/server.ts'
import { withServer } from './connection/with-server.ts'
import type { Database, DatabaseFile, Inventory, RecoveryModel } from './inventory.ts'
import { instantOf, lsn } from './position.ts'
import type { Settings } from './settings.ts'
import { databases, files, instance, replicas } from './statements/discovery.ts'

export async function inspect(settings: Settings, signal: AbortSignal): Promise<Inventory> {
  return withServer(await loginOf(settings.connection, signal), signal, server => inspectServer(server, settings))
}

/** @throws Failure `sqlserver-managed`, `sqlserver-too-old` for a server that cannot be backed up to files */
export async function inspectServer(
  server: Server,
  settings: Pick<Settings, 'coexist' | 'replicas' | 'door'>,
): Promise<Inventory> {
  const is = await server.one(instance)
  const version = text(is, 'version')
  const offset = Number(is.utc_offset_min)
  const inventory = {
    server: text(is, 'server_name'),
    version,
    major: Number(version.split('.')[0]),
    edition: text(is, 'edition'),
    engineEdition: Number(is.engine_edition),
    platform: /on Linux/i.test(text(is, 'banner')) ? ('linux' as const) : ('windows' as const),
    offset,
    now: instantOf(text(is, 'now').slice(0, 19), offset),
    policy: { coexist: settings.coexist, replicas: settings.replicas },
    throughDoor: settings.door !== undefined,
  }
  const rows = await server.query(databases)
  requireOwnServer(inventory, rows)
  const primary = flag(is, 'hadr') ? await primaryOf(server, inventory.major) : new Map<number, boolean>()
  const ofDatabase = Map.groupBy(await server.query(files), row => Number(row.database_id))
  return { ...inventory, databases: rows.map(row => databaseOf(row, ofDatabase, primary)) }
}

/** By the ids of the databases that belong to availability groups. */
async function primaryOf(server: Server, major: number): Promise<Map<number, boolean>> {
  const rows = await server.query(replicas(major))
  return new Map(rows.map(row => [Number(row.database_id), flag(row, 'is_primary_replica')]))
}

function databaseOf(row: Row, filesOf: Map<number, Row[]>, primaries: Map<number, boolean>): Database {
  const primary = primaries.get(Number(row.database_id))
  const nextLog = textOrNull(row, 'last_log_backup_lsn')
  return {
    name: text(row, 'name'),
    state: text(row, 'state_desc'),
    recovery: text(row, 'recovery_model_desc') as RecoveryModel,
    readOnly: flag(row, 'is_read_only'),
    standby: flag(row, 'is_in_standby'),
    isSnapshot: row.source_database_id !== null,
    encrypted: flag(row, 'is_encrypted'),
    access: flag(row, 'has_access'),
    guid: guidOrNull(row, 'database_guid'),
    family: guidOrNull(row, 'family_guid'),
    fork: guidOrNull(row, 'recovery_fork_guid'),
    nextLog: nextLog === null ? null : lsn(nextLog),
    mirror: textOrNull(row, 'mirroring_role_desc') === 'MIRROR',
    role: primary === undefined ? null : primary ? 'primary' : 'secondary',
    preferredReplica: flag(row, 'preferred_replica'),
    files: (filesOf.get(Number(row.database_id)) ?? []).map(fileOf),
  }
}

/** The server counts in pages of 8 KiB. */
const page = 8192

function fileOf(row: Row): DatabaseFile {
  return {
    type: Number(row.type) === 2 ? 'filestream' : 'rows',
    bytes: Number(row.size ?? 0) * page,
    differentialBase: guidOrNull(row, 'diff_base_guid'),
  }
}

/** 2012, the first whose statements are all known. */
const oldest = 11
const azureDatabase = 5
const managedInstance = 8

function requireOwnServer(is: Pick<Inventory, 'major' | 'version' | 'engineEdition'>, rows: Row[]): void {
  const managed =
    is.engineEdition === azureDatabase
      ? 'Azure SQL Database'
      : is.engineEdition === managedInstance
        ? 'an Azure SQL Managed Instance'
        : rows.some(row => row.name === 'rdsadmin')
          ? 'Amazon RDS'
          : undefined
  if (managed !== undefined)
    throw new Failure('sqlserver-managed', `${managed} cannot be backed up to files`, {
      why: 'it takes no BACKUP to a disk of its own',
      fix: 'Use the backups of its provider',
    })
  if (is.major >= oldest) return
  throw new Failure('sqlserver-too-old', `SQL Server ${is.version} is too old to be backed up`, {
    why: 'SQL Server 2012 (11.0) is the first that is supported',
    fix: 'Upgrade the server',
  })
}
