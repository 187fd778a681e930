import { randomUUID } from 'node:crypto'
import type { Database } from '../model/database.ts'
import { versionText } from '../model/edition.ts'
import type { Instance } from '../model/instance.ts'
import {
  hasAccess,
  hasRole,
  mayBackUp,
  mayCreateDatabase,
  mayOnServer,
  maySelect,
  mayViewServerState,
} from '../model/rights.ts'
import { refused } from '../model/sql-error.ts'
import type { ScalarFunction, Variable } from '../query/context.ts'
import {
  bit,
  datetime,
  int,
  nvarchar,
  type SqlType,
  type SqlValue,
  smallint,
  sysname,
  uniqueidentifier,
} from '../query/types.ts'
import { spaceUsed } from './databases.ts'
import type { Asker } from './visitor.ts'

type Evaluate = (values: SqlValue[]) => SqlValue

const of = (arity: [number, number], type: SqlType, evaluate: Evaluate): ScalarFunction => {
  return { arity, type: () => type, evaluate }
}

/** Source: Microsoft, "SERVERPROPERTY (Transact-SQL)". NULL for a property that the server does not know. */
function serverProperty(instance: Instance, name: string): [SqlType, SqlValue] {
  const { release, platform, serverName } = instance
  const text = (value: string | null): [SqlType, SqlValue] => [sysname, value]
  const number = (value: number): [SqlType, SqlValue] => [int, value]
  switch (name.toLowerCase()) {
    case 'servername':
      return text(serverName)
    case 'machinename':
    case 'computernamephysicalnetbios':
      return text(serverName.split('\\')[0]!)
    case 'instancename':
      return text(serverName.split('\\')[1] ?? null)
    case 'productversion':
      return text(versionText(release))
    case 'productmajorversion':
      return text(String(release.major))
    case 'productlevel':
      return text('RTM')
    case 'edition':
      return text(instance.edition)
    case 'engineedition':
      return number(instance.engineEdition)
    case 'ishadrenabled':
      return number(Number(instance.databases.some(each => each.availability)))
    case 'isclustered':
      return number(0)
    case 'issingleuser':
      return number(0)
    case 'isintegratedsecurityonly':
      return number(0)
    case 'collation':
      return text(instance.caseSensitive ? 'SQL_Latin1_General_CP1_CS_AS' : 'SQL_Latin1_General_CP1_CI_AS')
    case 'instancedefaultdatapath':
      return text(`${instance.dataDirectory}${platform === 'windows' ? '\\' : '/'}`)
    case 'instancedefaultlogpath':
      return text(`${instance.dataDirectory}${platform === 'windows' ? '\\' : '/'}`)
    case 'instancedefaultbackuppath':
      // The property came with 2019.
      return text(release.major >= 15 ? instance.backupDirectory : null)
    default:
      return text(null)
  }
}

/** Source: Microsoft, "@@VERSION (Transact-SQL)". */
export function banner({ release, edition, platform }: Instance): string {
  const host = platform === 'windows' ? 'Windows Server 2022 Standard 10.0 <X64>' : 'Linux (Ubuntu 22.04.4 LTS) <X64>'
  return `Microsoft SQL Server ${release.year} (RTM) - ${versionText(release)} (X64) \n\t${edition} on ${host}`
}

/** Source: Microsoft, "HAS_PERMS_BY_NAME (Transact-SQL)". NULL where the securable or the permission is unknown. */
function hasPermission(asker: Asker, [securable, kind, permission]: SqlValue[]): SqlValue {
  const { instance, visitor } = asker
  const { login } = visitor
  const wanted = String(permission).toUpperCase()
  if (securable === null && (kind === null || /^SERVER$/i.test(String(kind)))) {
    switch (wanted) {
      case 'CREATE ANY DATABASE':
        return Number(mayCreateDatabase(login))
      case 'VIEW SERVER STATE':
      case 'VIEW SERVER PERFORMANCE STATE':
        return Number(mayViewServerState(login, instance.release.major))
      default:
        return Number(mayOnServer(login, wanted))
    }
  }
  if (/^DATABASE$/i.test(String(kind))) {
    const name = unquoted(securable === null ? visitor.database : String(securable)).at(-1)!
    const database = instance.find(name)
    if (!database) return null
    switch (wanted) {
      case 'BACKUP DATABASE':
      case 'BACKUP LOG':
        return Number(mayBackUp(login, database))
      case 'CREATE DATABASE':
        return Number(mayCreateDatabase(login))
      case 'CONNECT':
        return Number(hasAccess(login, database))
      default:
        return Number(hasRole(login, database, 'db_owner'))
    }
  }
  if (/^OBJECT$/i.test(String(kind)) && securable !== null) {
    const path = unquoted(String(securable))
    const database = instance.find(path.at(-3) ?? visitor.database)
    if (!database || !hasAccess(login, database) || wanted !== 'SELECT') return null
    return Number(maySelect(login, database, `${path.at(-2) || 'dbo'}.${path.at(-1)}`))
  }
  return null
}

/** The parts of a name in a text: `[a.b].dbo.c` has three. */
function unquoted(name: string): string[] {
  return [...name.matchAll(/\[((?:[^\]]|\]\])*)\]|([^.[\]]+)/g)].map(
    match => match[1]?.replaceAll(']]', ']') ?? match[2]!,
  )
}

function databaseProperty(database: Database | undefined, name: string): SqlValue {
  if (!database) return null
  switch (name.toLowerCase()) {
    case 'status':
      return database.state
    case 'recovery':
      return database.recovery
    case 'updateability':
      return database.readOnly ? 'READ_ONLY' : 'READ_WRITE'
    case 'useraccess':
      return database.userAccess
    default:
      return null
  }
}

/** Functions that ask the server or the session. */
export function serverFunctions(asker: Asker): Record<string, ScalarFunction | undefined> {
  const { instance, visitor } = asker
  const { clock } = instance
  const { login } = visitor
  const databaseOf = (value: SqlValue | undefined) =>
    value === undefined ? instance.find(visitor.database) : instance.databases.find(each => each.id === Number(value))
  return {
    serverproperty: {
      arity: [1, 1],
      type: (_, [name]) => serverProperty(instance, String(name))[0],
      evaluate: ([name]) => (name == null ? null : serverProperty(instance, String(name))[1]),
    },
    has_dbaccess: of([1, 1], int, ([name]) => {
      const database = name == null ? undefined : instance.find(String(name))
      if (!database) return null
      return Number(database.state === 'ONLINE' && database.mirroring !== 'MIRROR' && hasAccess(login, database))
    }),
    has_perms_by_name: of([3, 5], int, values => hasPermission(asker, values)),
    is_srvrolemember: of([1, 2], int, ([role, other]) => {
      const who = other == null ? login : instance.logins.get(String(other).toLowerCase())
      if (!who) return null
      const name = String(role).toLowerCase()
      return name === 'sysadmin' ? Number(who.sysadmin) : Number(who.sysadmin || who.roles.has(name))
    }),
    is_member: of([1, 1], int, ([role]) => memberOf(asker, role!)),
    is_rolemember: of([1, 2], int, ([role]) => memberOf(asker, role!)),
    db_id: of([0, 1], smallint, ([name]) =>
      name === undefined ? instance.find(visitor.database)!.id : (instance.find(String(name))?.id ?? null),
    ),
    db_name: of([0, 1], sysname, ([id]) => databaseOf(id)?.name ?? null),
    databasepropertyex: of([2, 2], sysname, ([name, property]) =>
      databaseProperty(instance.find(String(name)), String(property)),
    ),
    fileproperty: of([2, 2], int, ([name, property]) =>
      /^spaceused$/i.test(String(property)) ? spaceUsed(instance.find(visitor.database)!, String(name)) : null,
    ),
    suser_sname: of([0, 1], sysname, () => login.name),
    suser_name: of([0, 1], sysname, () => login.name),
    original_login: of([0, 0], sysname, () => login.name),
    host_name: of([0, 0], sysname, () => visitor.hostName),
    app_name: of([0, 0], sysname, () => visitor.programName),
    getdate: of([0, 0], datetime, () => clock.local()),
    getutcdate: of([0, 0], datetime, () => clock.now()),
    sysdatetime: of([0, 0], { name: 'datetime2', scale: 7 }, () => clock.local()),
    sysutcdatetime: of([0, 0], { name: 'datetime2', scale: 7 }, () => clock.now()),
    sysdatetimeoffset: of([0, 0], { name: 'datetimeoffset', scale: 7 }, () => {
      return { local: clock.local(), offset: clock.utcOffset }
    }),
    newid: of([0, 0], uniqueidentifier, () => randomUUID().toUpperCase()),
    object_id: of([1, 2], int, () => null),
    'sys.fn_hadr_backup_is_preferred_replica': of([1, 1], bit, ([name]) => preferredReplica(instance, name!)),
    'sys.fn_hadr_is_primary_replica': of([1, 1], bit, ([name]) => {
      const role = instance.find(String(name))?.availability?.role
      return role === undefined ? null : Number(role === 'PRIMARY')
    }),
  }
}

function memberOf({ instance, visitor }: Asker, role: SqlValue): number {
  return Number(hasRole(visitor.login, instance.find(visitor.database)!, String(role).toLowerCase()))
}

/**
 * 1 for a database outside of any group; for one that does not exist 0 on the newer releases.
 * Source: Microsoft, "sys.fn_hadr_backup_is_preferred_replica (Transact-SQL)".
 */
function preferredReplica(instance: Instance, name: SqlValue): number {
  const database = name === null ? undefined : instance.find(String(name))
  if (!database) return Number(instance.release.major < 15)
  return Number(database.availability?.preferred ?? true)
}

/** @@SPID and its like. @throws SqlError 137 */
export function globalVariable(asker: Asker, name: string): Variable {
  const { instance, visitor } = asker
  switch (name.toUpperCase()) {
    case '@@VERSION':
      return { type: nvarchar(300), value: banner(instance) }
    case '@@SPID':
      return { type: smallint, value: visitor.id }
    case '@@SERVERNAME':
      return { type: sysname, value: instance.serverName }
    case '@@TRANCOUNT':
      return { type: int, value: asker.transactions }
    case '@@ERROR':
      return { type: int, value: asker.lastError }
    case '@@ROWCOUNT':
      return { type: int, value: asker.rowCount }
    case '@@MAX_PRECISION':
      return { type: { name: 'tinyint' }, value: 38 }
    default:
      throw refused(137, name)
  }
}
