import type { Statement } from '../language/syntax.ts'
import { setRecovery } from '../model/alter.ts'
import type { Database } from '../model/database.ts'
import type { Instance, Visitor } from '../model/instance.ts'
import { hasRole, mayOnServer } from '../model/rights.ts'
import { refused } from '../model/sql-error.ts'

/** Who has a database open is thrown out of it. Source: Microsoft, "ALTER DATABASE SET options (Transact-SQL)", ROLLBACK IMMEDIATE. */
function empty(database: Database, instance: Instance, visitor: Visitor): void {
  for (const each of instance.usersOf(database)) if (each !== visitor) each.kill()
}

/** ALTER DATABASE … SET. @throws SqlError 5011, 5052, 102 */
export function alterDatabase(
  { database: name, set }: Extract<Statement, { kind: 'alter-database' }>,
  instance: Instance,
  visitor: Visitor,
): void {
  const database = instance.find(name)
  const allowed =
    database && (hasRole(visitor.login, database, 'db_owner') || mayOnServer(visitor.login, 'ALTER ANY DATABASE'))
  if (!allowed) throw refused(5011, name)
  if (database.state === 'RESTORING') throw refused(5052, 'Restoring')
  const [option, ...rest] = set
  const termination = option === 'RECOVERY' ? rest.slice(1).join(' ') : rest.join(' ')
  if (!['', 'WITH ROLLBACK IMMEDIATE', 'WITH NO_WAIT'].includes(termination)) throw refused(102, rest.at(-1)!)
  if (termination === 'WITH ROLLBACK IMMEDIATE') empty(database, instance, visitor)
  switch (option) {
    case 'RECOVERY': {
      const model = rest[0]
      if (model !== 'FULL' && model !== 'SIMPLE' && model !== 'BULK_LOGGED') throw refused(102, model ?? option)
      setRecovery(database, model)
      return
    }
    case 'SINGLE_USER':
    case 'MULTI_USER':
    case 'RESTRICTED_USER':
      database.userAccess = option
      return
    case 'OFFLINE':
      database.state = 'OFFLINE'
      return
    case 'ONLINE':
      database.state = 'ONLINE'
      return
    case 'READ_ONLY':
      database.readOnly = true
      return
    case 'READ_WRITE':
      database.readOnly = false
      return
    default:
      throw refused(102, option!)
  }
}

/** @throws SqlError 3701, 3702 */
export function dropDatabase(
  { database: name, ifExists }: Extract<Statement, { kind: 'drop-database' }>,
  instance: Instance,
  visitor: Visitor,
): void {
  const database = instance.find(name)
  if (!database && ifExists) return
  const allowed =
    database && (hasRole(visitor.login, database, 'db_owner') || mayOnServer(visitor.login, 'ALTER ANY DATABASE'))
  if (!allowed) throw refused(3701, 'database', name)
  if (instance.usersOf(database).length > 0) throw refused(3702, name)
  instance.remove(database)
}

/** Source: Microsoft, "KILL (Transact-SQL)", permissions: ALTER ANY CONNECTION, which processadmin has. @throws SqlError 6101, 6102, 6104, 6106 */
export function kill(id: number, instance: Instance, visitor: Visitor): void {
  const { login } = visitor
  if (!login.roles.has('processadmin') && !mayOnServer(login, 'ALTER ANY CONNECTION')) throw refused(6102)
  if (!Number.isInteger(id) || id < 1) throw refused(6101, id)
  if (id === visitor.id) throw refused(6104)
  const found = instance.visitors.get(id)
  if (!found) throw refused(6106, id)
  found.kill()
}
