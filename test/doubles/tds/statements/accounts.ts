import type { Statement } from '../language/syntax.ts'
import type { Database } from '../model/database.ts'
import type { Instance, Visitor } from '../model/instance.ts'
import type { Login } from '../model/login.ts'
import { hasRole, isOwner, mayOnServer } from '../model/rights.ts'
import { refused } from '../model/sql-error.ts'

/** A password policy as Windows' own: three kinds of characters. Source: Microsoft, "Password Policy", complexity. */
const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]

/** Source: Microsoft, "CREATE LOGIN (Transact-SQL)", permissions. @throws SqlError 15247, 15025, 15118 */
export function createLogin(
  { name, password }: Extract<Statement, { kind: 'create-login' }>,
  instance: Instance,
  { login }: Visitor,
): void {
  if (!mayOnServer(login, 'ALTER ANY LOGIN')) throw refused(15247)
  if (instance.logins.has(name.toLowerCase())) throw refused(15025, name)
  if (password.length < 8 || kinds.filter(kind => kind.test(password)).length < 3) throw refused(15118)
  const made: Login = { name, password, sysadmin: false, roles: new Set(), permissions: new Set() }
  instance.logins.set(name.toLowerCase(), made)
}

/** Its users stay in their databases. Source: Microsoft, "DROP LOGIN (Transact-SQL)". @throws SqlError 15151 */
export function dropLogin(
  { name }: Extract<Statement, { kind: 'drop-login' }>,
  instance: Instance,
  { login }: Visitor,
): void {
  const allowed = mayOnServer(login, 'ALTER ANY LOGIN')
  if (!allowed || !instance.logins.delete(name.toLowerCase())) throw refused(15151, 'drop', 'login', name)
}

/** The double's users bear the names of their logins. Source: Microsoft, "CREATE USER (Transact-SQL)". @throws SqlError 15247, 15007, 15023 */
export function createUser(
  { name, login }: Extract<Statement, { kind: 'create-user' }>,
  instance: Instance,
  visitor: Visitor,
): void {
  const database = here(instance, visitor)
  if (!hasRole(visitor.login, database, 'db_owner')) throw refused(15247)
  if (!instance.logins.has(login.toLowerCase())) throw refused(15007, login)
  if (database.users.has(name.toLowerCase())) throw refused(15023, name)
  database.users.set(name.toLowerCase(), { roles: new Set(), grants: new Set() })
}

/** Source: Microsoft, "DROP USER (Transact-SQL)". @throws SqlError 15151 */
export function dropUser(
  { name }: Extract<Statement, { kind: 'drop-user' }>,
  instance: Instance,
  visitor: Visitor,
): void {
  const database = here(instance, visitor)
  const allowed = hasRole(visitor.login, database, 'db_owner')
  if (!allowed || !database.users.delete(name.toLowerCase())) throw refused(15151, 'drop', 'user', name)
}

/** Source: Microsoft, "ALTER ROLE (Transact-SQL)". @throws SqlError 15151 */
export function addMember(
  { role, member }: Extract<Statement, { kind: 'add-member' }>,
  instance: Instance,
  visitor: Visitor,
): void {
  const database = here(instance, visitor)
  const user = database.users.get(member.toLowerCase())
  if (!hasRole(visitor.login, database, 'db_owner')) throw refused(15151, 'alter', 'role', role)
  if (!user) throw refused(15151, 'add', 'principal', member)
  user.roles.add(role.toLowerCase())
}

/** Of the server in master alone. Source: Microsoft, "GRANT Server Permissions", "GRANT Object Permissions". @throws SqlError 4621, 4613, 15151 */
export function grant(
  { permissions, object, to }: Extract<Statement, { kind: 'grant' }>,
  instance: Instance,
  visitor: Visitor,
): void {
  const database = here(instance, visitor)
  const name = to.toLowerCase()
  if (object === null) {
    const grantee = instance.logins.get(name)
    if (database.name !== 'master') throw refused(4621)
    if (!mayOnServer(visitor.login, 'CONTROL SERVER')) throw refused(4613)
    if (!grantee) throw refused(15151, 'find', 'login', to)
    for (const permission of permissions) grantee.permissions.add(permission)
    return
  }
  const user = database.users.get(name)
  if (!isOwner(visitor.login, database)) throw refused(15151, 'find', 'object', object)
  if (!user) throw refused(15151, 'find', 'user', to)
  for (const permission of permissions) user.grants.add(`${permission} on ${object}`.toLowerCase())
}

function here(instance: Instance, visitor: Visitor): Database {
  return instance.find(visitor.database)!
}
