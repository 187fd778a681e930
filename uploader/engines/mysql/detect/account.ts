import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { AccountPlan, Administrator } from '../../detector.ts'
import { Server } from '../connection/server.ts'
import { withServer } from '../connection/with-server.ts'
import { inspectServer, requireVersion } from '../inspect.ts'
import type { Inventory } from '../inventory.ts'
import { logsUnusable } from '../log/continuation.ts'
import { missingRights } from '../rights.ts'
import { quoteAccount, quoteText } from '../sql/quote.ts'
import type { Address } from '../wire/socket.ts'

const hidden = "'...'"

/** What makes an account for backups, with the password left out. */
export function statementsFor(
  server: Pick<Inventory, 'flavour' | 'release' | 'logBase'>,
  account: Inventory['account'],
): string[] {
  const name = quoteAccount(account)
  const rights = missingRights({ ...server, rights: [], account }, 'logical').map(right => right.name)
  return [`CREATE USER ${name} IDENTIFIED BY ${hidden}`, `GRANT ${rights.join(', ')} ON *.* TO ${name}`]
}

export async function planAccount(
  address: Address,
  administrator: Administrator,
  user: string,
  signal: AbortSignal,
): Promise<AccountPlan> {
  const asAdministrator = { address, ...administrator, tls: undefined }
  return withServer(asAdministrator, signal, async server => {
    const inventory = await inspectServer(server)
    requireVersion(inventory)
    const row = await server.one('SELECT USER() me, @@global.read_only locked')
    // The server calls the same computer by a name or by an address; the account must have the same.
    const account = { user, host: row!.me!.slice(row!.me!.lastIndexOf('@') + 1) }
    if (row!.locked !== '0')
      throw new Failure('account-not-made', 'No account is made on a server that is read only', {
        why: 'it may be a replica, and would no longer be the same as its source',
        fix: `Make ${quoteAccount(account)} on the source, or use --no-account`,
      })
    const statements = statementsFor(inventory, account)
    return {
      statements,
      logs: logsUnusable(inventory) === undefined,
      make: (password, stop) =>
        withServer(asAdministrator, stop, as => make(as, { address, account, statements, password, signal: stop })),
    }
  })
}

interface Making {
  address: Address
  account: Inventory['account']
  statements: string[]
  password: string
  signal: AbortSignal
}

async function make(server: Server, { address, account, statements, password, signal }: Making): Promise<void> {
  const [create, grant] = statements.map(statement => statement.replace(hidden, () => quoteText(password)))
  const { user, host } = account
  await server.query("SET SESSION sql_mode = ''")
  const there = await server.one(
    `SELECT 1 FROM mysql.user WHERE User = ${quoteText(user)} AND Host = ${quoteText(host)}`,
  )
  if (there) await requireOwn({ address, user, password, tls: undefined }, account, signal)
  try {
    if (!there) await server.query(create!)
    await server.query(grant!)
  } catch (cause) {
    const left = there ? '' : await drop(server, account)
    throw new Failure('account-not-made', `The account ${quoteAccount(account)} cannot be made`, {
      why: `${messageOf(cause)}${left}`,
      fix: `Have an administrator run: ${statements.join('; ')}`,
      cause,
    })
  }
}

/** @returns what to say where that fails too */
function drop(server: Server, account: Inventory['account']): Promise<string> {
  return server.query(`DROP USER IF EXISTS ${quoteAccount(account)}`).then(
    () => '',
    error => `; and it may be there, without its rights: ${messageOf(error)}`,
  )
}

/** An account of that name that this program made before it was interrupted has its password. */
async function requireOwn(
  login: Parameters<typeof Server.connect>[0],
  account: Inventory['account'],
  signal: AbortSignal,
) {
  try {
    await (await Server.connect(login, signal)).end()
  } catch (cause) {
    signal.throwIfAborted()
    throw new Failure('account-taken', `There is an account ${quoteAccount(account)} already, with another password`, {
      why: 'an account that somebody uses is not changed',
      fix: 'Choose another name with --user, or drop it if nobody uses it',
      cause,
    })
  }
}
