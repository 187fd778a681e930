import type { Statement } from '../language/syntax.ts'
import type { Instance, Visitor } from '../model/instance.ts'
import { mayOnServer } from '../model/rights.ts'
import { refused } from '../model/sql-error.ts'

/** Source: Microsoft, "CREATE CREDENTIAL (Transact-SQL)", permissions and remarks. @throws SqlError 15247, 15335 */
export function createCredential(
  { name, identity, secret }: Extract<Statement, { kind: 'create-credential' }>,
  instance: Instance,
  { login }: Visitor,
): void {
  if (!mayOnServer(login, 'ALTER ANY CREDENTIAL')) throw refused(15247)
  if (instance.credentials.has(name)) throw refused(15335, name)
  instance.credentials.set(name, { name, identity, secret })
}

/** Source: Microsoft, "DROP CREDENTIAL (Transact-SQL)". @throws SqlError 15151 */
export function dropCredential(
  { name }: Extract<Statement, { kind: 'drop-credential' }>,
  instance: Instance,
  { login }: Visitor,
): void {
  const allowed = mayOnServer(login, 'ALTER ANY CREDENTIAL')
  if (!allowed || !instance.credentials.delete(name)) throw refused(15151, 'drop', 'credential', name)
}
