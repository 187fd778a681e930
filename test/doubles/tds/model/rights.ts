import type { Database, User } from './database.ts'
import type { Login } from './login.ts'

/** Databases that everybody may enter as guest. Source: Microsoft, "Database-level roles", guest; "Principals (Database Engine)". */
const openToGuests = new Set(['master', 'msdb', 'tempdb'])

function user(login: Login, database: Database): User | undefined {
  return database.users.get(login.name.toLowerCase())
}

export function isOwner(login: Login, database: Database): boolean {
  return login.sysadmin || database.owner.toLowerCase() === login.name.toLowerCase()
}

export function hasRole(login: Login, database: Database, role: string): boolean {
  return isOwner(login, database) || (user(login, database)?.roles.has(role) ?? false)
}

/** Source: Microsoft, "HAS_DBACCESS (Transact-SQL)". */
export function hasAccess(login: Login, database: Database): boolean {
  return (
    isOwner(login, database) || user(login, database) !== undefined || openToGuests.has(database.name.toLowerCase())
  )
}

/** Source: Microsoft, "BACKUP (Transact-SQL)", permissions. */
export function mayBackUp(login: Login, database: Database): boolean {
  return hasRole(login, database, 'db_owner') || hasRole(login, database, 'db_backupoperator')
}

export function mayOnServer(login: Login, permission: string): boolean {
  return login.sysadmin || login.permissions.has('CONTROL SERVER') || login.permissions.has(permission)
}

/** Source: Microsoft, "CREATE DATABASE", permissions; the dbcreator role in "Server-level roles". */
export function mayCreateDatabase(login: Login): boolean {
  return (
    login.roles.has('dbcreator') ||
    mayOnServer(login, 'CREATE ANY DATABASE') ||
    mayOnServer(login, 'ALTER ANY DATABASE')
  )
}

/**
 * Over a database that exists: sysadmin, dbcreator and its owner; db_owner has no RESTORE right.
 * Source: Microsoft, "RESTORE Statements (Transact-SQL)", permissions.
 */
export function mayRestore(login: Login, existing: Database | undefined): boolean {
  if (!existing) return mayCreateDatabase(login)
  return login.roles.has('dbcreator') || isOwner(login, existing) || mayOnServer(login, 'ALTER ANY DATABASE')
}

/** Source: Microsoft, "sys.dm_exec_requests": from 2022 on the performance permission is enough. */
export function mayViewServerState(login: Login, major: number): boolean {
  return mayOnServer(login, 'VIEW SERVER STATE') || (major >= 16 && mayOnServer(login, 'VIEW SERVER PERFORMANCE STATE'))
}

/** Source: Microsoft, "sys.master_files", permissions. */
export function maySeeFiles(login: Login): boolean {
  return mayOnServer(login, 'VIEW ANY DEFINITION') || mayCreateDatabase(login)
}

/** Source: Microsoft, "GRANT Object Permissions"; msdb's history is not open to guests. */
export function maySelect(login: Login, database: Database, object: string): boolean {
  return (
    hasRole(login, database, 'db_owner') ||
    hasRole(login, database, 'db_datareader') ||
    (user(login, database)?.grants.has(`select on ${object}`.toLowerCase()) ?? false)
  )
}
