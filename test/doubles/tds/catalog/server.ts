import type { Certificate, Credential, RunningRequest, Visitor } from '../model/instance.ts'
import type { Login } from '../model/login.ts'
import { message } from '../model/messages.ts'
import { mayOnServer, mayViewServerState } from '../model/rights.ts'
import { refused, SqlError } from '../model/sql-error.ts'
import { columnsOf, type Table, table } from '../query/table.ts'
import {
  bigint,
  bit,
  datetime,
  int,
  nvarchar,
  real,
  type SqlValue,
  smallint,
  sysname,
  varbinary,
} from '../query/types.ts'
import type { Asker } from './visitor.ts'

/** Its own session is all that a login sees without VIEW SERVER STATE. Source: Microsoft, "sys.dm_exec_requests", permissions. */
function visibleVisitors({ instance, visitor }: Asker): Visitor[] {
  const all = [...instance.visitors.values()]
  return mayViewServerState(visitor.login, instance.release.major) ? all : all.filter(each => each === visitor)
}

function databaseId({ instance }: Asker, name: string): number {
  return instance.find(name)?.id ?? 0
}

interface Running {
  visitor: Visitor
  request: RunningRequest
  elapsed: number
  databaseId: number
}

const requestColumns = columnsOf<Running>([
  ['session_id', smallint, ({ visitor }) => visitor.id],
  ['request_id', int, () => 0],
  ['start_time', datetime, ({ request }) => request.startTime],
  ['status', nvarchar(30), ({ request }) => (request.waitType === null ? 'running' : 'suspended')],
  ['command', nvarchar(32), ({ request }) => request.command],
  ['database_id', smallint, running => running.databaseId],
  ['blocking_session_id', smallint, () => 0],
  ['wait_type', nvarchar(60), ({ request }) => request.waitType],
  ['wait_time', int, () => 0],
  ['last_wait_type', nvarchar(60), ({ request }) => request.waitType ?? 'MISCELLANEOUS'],
  ['percent_complete', real, ({ request }) => request.percentComplete],
  ['estimated_completion_time', bigint, estimate],
  ['total_elapsed_time', int, ({ elapsed }) => elapsed],
])

function estimate({ request, elapsed }: Running): SqlValue {
  const { percentComplete } = request
  return percentComplete === 0 ? 0n : BigInt(Math.round((elapsed * (100 - percentComplete)) / percentComplete))
}

export function requests(asker: Asker): Table {
  const now = asker.instance.clock.local()
  const running = visibleVisitors(asker).flatMap(visitor => {
    const { request } = visitor
    if (!request) return []
    return [{ visitor, request, elapsed: now - request.startTime, databaseId: databaseId(asker, request.database) }]
  })
  return table(requestColumns, running)
}

interface Connected {
  visitor: Visitor
  databaseId: number
}

const sessionColumns = columnsOf<Connected>([
  ['session_id', smallint, ({ visitor }) => visitor.id],
  ['login_time', datetime, ({ visitor }) => visitor.loginTime],
  ['host_name', nvarchar(128), ({ visitor }) => visitor.hostName],
  ['program_name', nvarchar(128), ({ visitor }) => visitor.programName],
  ['login_name', nvarchar(128), ({ visitor }) => visitor.login.name],
  ['original_login_name', nvarchar(128), ({ visitor }) => visitor.login.name],
  ['status', nvarchar(30), ({ visitor }) => (visitor.request ? 'running' : 'sleeping')],
  ['database_id', smallint, connected => connected.databaseId],
  ['is_user_process', bit, () => 1],
])

export function sessions(asker: Asker): Table {
  const connected = visibleVisitors(asker).map(visitor => {
    return { visitor, databaseId: databaseId(asker, visitor.database) }
  })
  return table(sessionColumns, connected)
}

/** Views that answer with an error instead of fewer rows. Source: Microsoft, "sys.dm_server_services"; "sys.dm_os_volume_stats". */
function requireServerState({ instance, visitor }: Asker): void {
  if (mayViewServerState(visitor.login, instance.release.major)) return
  throw new SqlError(message(300, 'VIEW SERVER STATE'), message(297))
}

const serviceColumns = columnsOf<Asker['instance']>([
  ['servicename', nvarchar(256), () => 'SQL Server (MSSQLSERVER)'],
  ['startup_type_desc', nvarchar(256), () => 'Automatic'],
  ['status', int, () => 4],
  ['status_desc', nvarchar(256), () => 'Running'],
  ['service_account', nvarchar(256), ({ platform }) => (platform === 'windows' ? 'NT SERVICE\\MSSQLSERVER' : 'mssql')],
])

export function services(asker: Asker): Table {
  requireServerState(asker)
  return table(serviceColumns, [asker.instance])
}

interface Volume {
  databaseId: number
  fileId: number
  mountPoint: string
}

/** Bytes of the one volume that the double's server has. */
const volumeSize = 1n << 40n
const volumeFree = 1n << 39n

const volumeColumns = columnsOf<Volume>([
  ['database_id', int, volume => volume.databaseId],
  ['file_id', int, ({ fileId }) => fileId],
  ['volume_mount_point', nvarchar(512), ({ mountPoint }) => mountPoint],
  ['total_bytes', bigint, () => volumeSize],
  ['available_bytes', bigint, () => volumeFree],
])

export function volumes(asker: Asker, values: SqlValue[]): Table {
  requireServerState(asker)
  const [databaseId, fileId] = values.map(Number)
  const file = asker.instance.databases.find(each => each.id === databaseId)?.files.find(each => each.id === fileId)
  const mountPoint = asker.instance.platform === 'windows' ? 'C:\\' : '/'
  return table(volumeColumns, file ? [{ databaseId: databaseId!, fileId: fileId!, mountPoint }] : [])
}

export const volumeShape: Table = table(volumeColumns, [])

const certificateColumns = columnsOf<Certificate>([
  ['name', sysname, ({ name }) => name],
  ['thumbprint', varbinary(32), ({ thumbprint }) => Buffer.from(thumbprint, 'hex')],
  ['pvt_key_last_backup_date', datetime, ({ privateKeySavedAt }) => privateKeySavedAt],
  ['pvt_key_encryption_type_desc', nvarchar(60), () => 'ENCRYPTED_BY_MASTER_KEY'],
])

/** Certificates belong to a database, and TDE's to master; they show themselves to those who may see definitions. */
export function certificates({ instance, visitor }: Asker, database: string): Table {
  const visible = database.toLowerCase() === 'master' && mayOnServer(visitor.login, 'VIEW ANY DEFINITION')
  return table(certificateColumns, visible ? [...instance.certificates.values()] : [])
}

const principalColumns = columnsOf<Login>([
  ['name', sysname, ({ name }) => name],
  ['type_desc', nvarchar(60), ({ name }) => (name.includes('\\') ? 'WINDOWS_LOGIN' : 'SQL_LOGIN')],
])

/** Source: Microsoft, "sys.server_principals (Transact-SQL)", permissions: one sees oneself, and who may see definitions sees all. */
export function principals({ instance, visitor }: Asker): Table {
  const visible = mayOnServer(visitor.login, 'VIEW ANY DEFINITION') || mayOnServer(visitor.login, 'ALTER ANY LOGIN')
  return table(principalColumns, visible ? [...instance.logins.values()] : [visitor.login])
}

const credentialColumns = columnsOf<Credential>([
  ['name', sysname, ({ name }) => name],
  ['credential_identity', nvarchar(4000), ({ identity }) => identity],
])

/** Source: Microsoft, "sys.credentials (Transact-SQL)", permissions. */
export function credentials({ instance, visitor }: Asker): Table {
  const visible =
    mayOnServer(visitor.login, 'ALTER ANY CREDENTIAL') || mayOnServer(visitor.login, 'VIEW ANY DEFINITION')
  return table(credentialColumns, visible ? [...instance.credentials.values()] : [])
}

interface Setting {
  name: string
  value: number
}

const settingColumns = columnsOf<Setting>([
  ['name', nvarchar(35), ({ name }) => name],
  ['value', int, ({ value }) => value],
  ['value_in_use', int, ({ value }) => value],
])

export function configurations(): Table {
  return table(settingColumns, [
    { name: 'backup checksum default', value: 0 },
    { name: 'backup compression default', value: 0 },
  ])
}

export function unknownObject(path: string[]): SqlError {
  return refused(208, path.join('.'))
}
