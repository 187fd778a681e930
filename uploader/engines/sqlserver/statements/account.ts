import { quoteName, quoteText } from './quote.ts'
import { name, statement } from './statement.ts'

/** 1 where the server lets nobody in but Windows accounts. */
export const windowsOnly = statement(`SELECT CONVERT(int, SERVERPROPERTY('IsIntegratedSecurityOnly')) AS windows_only`)

export const loginOfName = (user: string) =>
  statement('SELECT name FROM sys.server_principals WHERE name = @user', { user: name(user) })

export const createLogin = (user: string, password: string) =>
  statement(`CREATE LOGIN ${quoteName(user)} WITH PASSWORD = ${quoteText(password)}`)

export const dropLogin = (user: string) => statement(`DROP LOGIN ${quoteName(user)}`)

/** What reading every database and its history takes on the server as a whole. */
export const grantOnServer = (user: string) =>
  statement(`GRANT CREATE ANY DATABASE, VIEW SERVER STATE, VIEW ANY DEFINITION TO ${quoteName(user)}`)

export const createUser = (database: string, user: string) =>
  statement(`USE ${quoteName(database)}; CREATE USER ${quoteName(user)} FOR LOGIN ${quoteName(user)}`)

export const dropUser = (database: string, user: string) =>
  statement(`USE ${quoteName(database)}; DROP USER ${quoteName(user)}`)

export const letBackUp = (database: string, user: string) =>
  statement(`USE ${quoteName(database)}; ALTER ROLE db_backupoperator ADD MEMBER ${quoteName(user)}`)

export const grantHistory = (user: string) => statement(`USE msdb; GRANT SELECT ON dbo.backupset TO ${quoteName(user)}`)

/** The users of all databases in one batch, for a person: which databases there are is only known on the server. */
export const everyUser = (user: string) => {
  const of = quoteName(user)
  const one = `N'USE ' + QUOTENAME(name) + ${quoteText(`; CREATE USER ${of} FOR LOGIN ${of}; ALTER ROLE db_backupoperator ADD MEMBER ${of}; `)}`
  const which = "name <> 'tempdb' AND state_desc = 'ONLINE' AND source_database_id IS NULL AND is_read_only = 0"
  return statement(
    `DECLARE @all nvarchar(max) = N''; SELECT @all = @all + ${one} FROM sys.databases WHERE ${which}; EXEC (@all)`,
  )
}
