import { Failure } from '../../../shared/failure.ts'
import { text, textOrNull } from '../row.ts'
import { isLocal, loginOf } from './connection/login.ts'
import { number, type Row } from './connection/row.ts'
import type { Session } from './connection/session.ts'
import { withSession } from './connection/with-session.ts'
import type { DataFile, Inventory } from './inventory.ts'
import type { Settings } from './settings.ts'
import * as discovery from './statements/discovery.ts'

export async function inspect(settings: Settings, signal: AbortSignal): Promise<Inventory> {
  return withSession(await loginOf(settings.connection, signal), signal, session => inspectDatabase(session, settings))
}

/** @throws Failure for a database that cannot be backed up as it is now */
export async function inspectDatabase(session: Pick<Session, 'query' | 'one'>, settings: Settings): Promise<Inventory> {
  const is = await session.one(discovery.database)
  const instance = await session.one(discovery.instances)
  const hasContainers = text(is, 'cdb') === 'YES'
  const head = {
    id: text(is, 'dbid'),
    name: text(is, 'name'),
    uniqueName: text(is, 'unique_name'),
    host: text(instance, 'host_name'),
    instance: text(instance, 'instance_name'),
    version: text(instance, 'version'),
    platform: text(is, 'platform'),
    logMode: text(is, 'log_mode'),
    openMode: text(is, 'open_mode'),
    role: text(is, 'role'),
    container: text(is, 'container'),
    hasContainers,
    scn: text(is, 'scn'),
    now: text(is, 'now'),
  }
  requirePossible(head, settings)
  const files = await dataFilesOf(session)
  requireAllContainers(head, files.containers, settings)
  return {
    ...head,
    ...files,
    incarnation: { id: text(await session.one(discovery.incarnation), 'resetlogs_id'), scn: text(is, 'resetlogs_scn') },
    threads: await threadsOf(session),
    policy: {
      nologging: settings.nologging,
      backupMode: settings.backupMode,
      method: settings.method,
      files: topologyOf(settings),
      noarchivelog: settings.noarchivelog,
    },
  }
}

export async function threadsOf(session: Pick<Session, 'query'>): Promise<Inventory['threads']> {
  return (await session.query(discovery.threads)).map(row => ({
    number: number(row, 'thread'),
    enabled: text(row, 'enabled') !== 'DISABLED',
    changedScn: text(row, 'changed_scn'),
  }))
}

/** The data files, and the containers that they belong to: none in a database that has none. */
export async function dataFilesOf(
  session: Pick<Session, 'query'>,
): Promise<Pick<Inventory, 'dataFiles' | 'containers'>> {
  const all = (await session.query(discovery.containers)).map(containerOf)
  const names = new Map(
    (await session.query(discovery.tablespaces)).map(row => [keyOf(row), text(row, 'name')] as const),
  )
  return {
    containers: all.filter(({ id }) => id > 0),
    dataFiles: (await session.query(discovery.dataFiles)).map(row => dataFileOf(row, names)),
  }
}

/** Whether files of the server are read on this machine, or through the connection. */
export function topologyOf({ files, rman, noarchivelog, connection }: Settings): 'local' | 'remote' {
  const reached = rman !== undefined || noarchivelog !== 'refuse' || isLocal(connection.host)
  return files ?? (reached ? 'local' : 'remote')
}

const keyOf = (row: Row) => `${textOrNull(row, 'con_id') ?? '0'}/${text(row, 'tablespace_number')}`

function containerOf(row: Row) {
  return {
    id: number(row, 'con_id'),
    databaseId: text(row, 'dbid'),
    name: text(row, 'name'),
    openMode: text(row, 'open_mode'),
  }
}

function dataFileOf(row: Row, tablespaces: ReadonlyMap<string, string>): DataFile {
  return {
    number: number(row, 'file_number'),
    container: Number(textOrNull(row, 'con_id') ?? 0),
    tablespace: tablespaces.get(keyOf(row)) ?? '',
    path: text(row, 'name'),
    status: text(row, 'status'),
    enabled: text(row, 'enabled'),
    bytes: number(row, 'bytes'),
    blockSize: number(row, 'block_size'),
    creationScn: text(row, 'creation_scn'),
    creationTime: textOrNull(row, 'creation_time') ?? '',
    checkpointScn: text(row, 'checkpoint_scn'),
    unrecoverableScn: textOrNull(row, 'unrecoverable_scn') ?? '0',
  }
}

type Head = Pick<Inventory, 'hasContainers' | 'container' | 'role' | 'openMode' | 'logMode'>

function requirePossible(is: Head, { noarchivelog }: Settings): void {
  if (is.hasContainers && is.container !== 'CDB$ROOT')
    throw new Failure('oracle-not-root', `The connection leads into the pluggable database ${is.container}`, {
      why: 'the files of the whole database, and its redo, are seen from the root alone',
      fix: 'Name the service of the container database in connection.service',
    })
  if (is.role !== 'PRIMARY')
    throw new Failure('oracle-standby', 'The database is a standby', {
      why: `its role is ${is.role}, and a standby has no backup mode`,
      fix: 'Point the source at the primary',
    })
  if (is.logMode === 'NOARCHIVELOG' && noarchivelog === 'refuse')
    throw new Failure('oracle-noarchivelog', 'The database runs in NOARCHIVELOG mode', {
      why: 'without archived logs a copy of an open database is worth nothing',
      fix: 'Run as an administrator: SHUTDOWN IMMEDIATE; STARTUP MOUNT; ALTER DATABASE ARCHIVELOG; ALTER DATABASE OPEN. Or say that it may be copied while it is closed: noarchivelog',
    })
  const mayBeClosed = is.logMode === 'NOARCHIVELOG' && is.openMode === 'MOUNTED'
  if (is.openMode !== 'READ WRITE' && !mayBeClosed)
    throw new Failure('oracle-not-open', `The database is ${is.openMode}`, {
      why: 'what is written to its files is known of one that is open for writing alone',
      fix: 'Open it: ALTER DATABASE OPEN; if that says ORA-10873, run ALTER DATABASE END BACKUP first, unless its files were restored from a backup',
      retriable: true,
    })
}

const seed = 2

/** In the root, an account sees of other containers what its CONTAINER_DATA names, and by default nothing: their files would be missing in the backup. The seed is always there. */
function requireAllContainers(is: Head, containers: Inventory['containers'], { connection }: Settings): void {
  // One that is closed lets in administrators alone, who see all.
  if (!is.hasContainers || is.openMode === 'MOUNTED' || containers.some(({ id }) => id === seed)) return
  throw new Failure('oracle-containers-unseen', `The account ${connection.user} does not see the pluggable databases`, {
    why: 'the dictionary shows it the files of the root alone, and the others would be in no backup',
    fix: `Run as an administrator, in the root: ALTER USER ${connection.user} SET CONTAINER_DATA = ALL CONTAINER = CURRENT`,
  })
}
