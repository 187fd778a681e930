import type { Database } from '../model/database.ts'
import { maySelect } from '../model/rights.ts'
import { access, existence, state } from '../model/rules/open.ts'
import { check } from '../model/rules/rule.ts'
import { refused } from '../model/sql-error.ts'
import type { Table } from '../query/table.ts'
import type { SqlValue } from '../query/types.ts'
import {
  availabilityStates,
  databaseFiles,
  databases,
  encryptionKeys,
  masterFiles,
  mirroring,
  recoveryStatus,
  replicaStates,
} from './databases.ts'
import { backupFiles, backupSets, mediaFamilies, mediaSets } from './history.ts'
import {
  certificates,
  configurations,
  credentials,
  principals,
  requests,
  services,
  sessions,
  unknownObject,
  volumeShape,
  volumes,
} from './server.ts'
import type { Asker } from './visitor.ts'

type View = (asker: Asker, database: Database) => Table

/** Views of the sys schema: they are in every database. */
const system: Record<string, View | undefined> = {
  databases,
  database_recovery_status: recoveryStatus,
  database_mirroring: mirroring,
  master_files: masterFiles,
  database_files: (_, database) => databaseFiles(database),
  dm_database_encryption_keys: encryptionKeys,
  dm_hadr_database_replica_states: replicaStates,
  dm_hadr_availability_replica_states: availabilityStates,
  dm_exec_requests: requests,
  dm_exec_sessions: sessions,
  dm_server_services: services,
  certificates: (asker, database) => certificates(asker, database.name),
  configurations,
  credentials,
  server_principals: principals,
}

/** Tables of msdb's dbo schema. */
const history: Record<string, View | undefined> = {
  backupset: backupSets,
  backupfile: backupFiles,
  backupmediafamily: mediaFamilies,
  backupmediaset: mediaSets,
}

/** Opens the database that a name means; each statement does so. @throws SqlError 911, 916, 942, … */
export function openDatabase({ instance, visitor }: Asker, name: string): Database {
  const facts = instance.opening(name, visitor)
  check(existence, facts)
  check(state, facts)
  check(access, facts)
  return facts.database!
}

/** @param path `[database.][schema.]object`. @throws SqlError 208, 229, and what keeps the database closed */
export function viewOf(asker: Asker, path: string[]): Table {
  const object = path.at(-1)!.toLowerCase()
  const schema = (path.at(-2) || 'dbo').toLowerCase()
  const name = path.at(-3) || asker.visitor.database
  if (schema === 'sys') {
    const view = system[object]
    if (!view) throw unknownObject(path)
    return view(asker, openDatabase(asker, name))
  }
  const database = openDatabase(asker, name)
  const view = schema === 'dbo' && database.name.toLowerCase() === 'msdb' ? history[object] : undefined
  if (!view) throw unknownObject(path)
  if (!maySelect(asker.visitor.login, database, `dbo.${object}`))
    throw refused(229, 'SELECT', object, database.name, 'dbo')
  return view(asker, database)
}

function isVolumes(path: string[]): boolean {
  return path.join('.').toLowerCase().endsWith('sys.dm_os_volume_stats')
}

export function viewFunction(asker: Asker, path: string[], values: SqlValue[]): Table {
  if (!isVolumes(path)) throw unknownObject(path)
  return volumes(asker, values)
}

export function viewFunctionShape(path: string[]): Table {
  if (!isVolumes(path)) throw unknownObject(path)
  return volumeShape
}
