import type { Finding } from '../../engine.ts'
import { text } from '../../row.ts'
import { loginOf } from '../connection/login.ts'
import { flag } from '../connection/row.ts'
import type { Row, Server } from '../connection/server.ts'
import { withServer } from '../connection/with-server.ts'
import { inspectServer } from '../inspect.ts'
import { namesOf } from '../plan/words.ts'
import { type Settings, sharedDirectory } from '../settings.ts'
import { quoteName } from '../statements/quote.ts'
import { databaseRights, serverRights } from '../statements/rights.ts'
import { checkDirectory } from './check-directory.ts'
import { checkDoor } from './check-door.ts'

/** A right on the whole server. `for`: the one way of backups that needs it. */
interface ServerRight {
  column: string
  for?: 'directory' | 'door'
  name: string
  without: string
  statement(login: string): string
}

const rightsOnServer: readonly ServerRight[] = [
  {
    column: 'create_database',
    for: 'directory',
    name: 'CREATE ANY DATABASE',
    without: 'the server refuses to verify the files that it has written',
    statement: login => `GRANT CREATE ANY DATABASE TO ${login}`,
  },
  {
    column: 'any_definition',
    name: 'VIEW ANY DEFINITION',
    without: 'neither the identity of databases can be seen nor what a differential builds on',
    statement: login => `GRANT VIEW ANY DEFINITION TO ${login}`,
  },
  {
    column: 'server_state',
    name: 'VIEW SERVER STATE',
    without: 'a backup that is stuck, or one that an earlier run left behind, is not seen',
    statement: login => `GRANT VIEW SERVER STATE TO ${login}`,
  },
  {
    column: 'history',
    name: 'SELECT on msdb.dbo.backupset',
    without: 'it is not known where in the log a backup lies',
    statement: login => `USE msdb; CREATE USER ${login} FOR LOGIN ${login}; GRANT SELECT ON dbo.backupset TO ${login}`,
  },
  {
    column: 'history_files',
    for: 'door',
    name: 'SELECT on msdb.dbo.backupfile',
    without: 'it is not known which files a database has, which a restore needs',
    statement: login => `USE msdb; GRANT SELECT ON dbo.backupfile TO ${login}`,
  },
  {
    column: 'any_credential',
    for: 'door',
    name: 'ALTER ANY CREDENTIAL',
    without: 'the server cannot be given the key to the door',
    statement: login => `GRANT ALTER ANY CREDENTIAL TO ${login}`,
  },
]

/** One finding for each right that the login lacks, with the statement that grants it; and what keeps the server or us out of the exchange directory, or the server from the door. */
export async function checkRights(settings: Settings, signal: AbortSignal): Promise<Finding[]> {
  return withServer(await loginOf(settings.connection, signal), signal, async server => {
    const inventory = await inspectServer(server, settings)
    const login = quoteName(loginName(settings))
    const rights = await server.one(serverRights)
    const shared = sharedDirectory(settings)
    const needed = rightsOnServer.filter(right => (right.for ?? way(settings)) === way(settings))
    const findings = flag(rights, 'sysadmin') ? [] : await missing(server, rights, needed, login)
    const place = shared
      ? await checkDirectory(server, inventory, shared, settings.parallel, signal)
      : await checkDoor(server, inventory, settings.door!, signal)
    return [...findings, ...place]
  })
}

function way({ door }: Settings): 'directory' | 'door' {
  return door ? 'door' : 'directory'
}

async function missing(server: Server, rights: Row, needed: readonly ServerRight[], login: string): Promise<Finding[]> {
  const findings = needed
    .filter(({ column }) => !flag(rights, column))
    .map(({ name, without, statement }) => finding(`the right ${name}`, without, statement(login)))
  const databases = await server.query(databaseRights)
  const closed = databases.filter(row => !flag(row, 'has_access')).map(row => text(row, 'name'))
  const unsaved = databases
    .filter(row => flag(row, 'has_access') && !(flag(row, 'backup_database') && flag(row, 'backup_log')))
    .map(row => text(row, 'name'))
  if (closed.length > 0)
    findings.push(
      finding(
        `a user in ${namesOf(closed)}`,
        'they cannot be backed up',
        closed
          .map(name => `USE ${quoteName(name)}; CREATE USER ${login} FOR LOGIN ${login}; ${memberOf(login)}`)
          .join('; '),
      ),
    )
  if (unsaved.length > 0)
    findings.push(
      finding(
        `the role db_backupoperator in ${namesOf(unsaved)}`,
        'they cannot be backed up',
        unsaved.map(name => `USE ${quoteName(name)}; ${memberOf(login)}`).join('; '),
      ),
    )
  return findings
}

function finding(what: string, without: string, statement: string): Finding {
  return {
    code: 'sqlserver-missing-right',
    grave: true,
    what: `The login lacks ${what}`,
    why: without,
    fix: `Run as an administrator: ${statement}`,
  }
}

const memberOf = (login: string) => `ALTER ROLE db_backupoperator ADD MEMBER ${login}`

function loginName({ connection: { user, domain } }: Settings): string {
  return domain === undefined ? user : `${domain}\\${user}`
}
