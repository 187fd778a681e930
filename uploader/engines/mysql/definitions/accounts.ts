import { Failure } from '../../../../shared/failure.ts'
import type { Server } from '../connection/server.ts'
import type { Flavour } from '../inventory.ts'
import { quoteAccount, quoteText } from '../sql/quote.ts'
import { Script } from '../sql/script.ts'
import { isDenied } from '../wire/server-error.ts'
import { text, textOrNull } from './text.ts'

export interface Account {
  user: string
  /** Null for a role of MariaDB. */
  host: string | null
  /** What its certificate must have, by the word that stands before it: not all servers show it so that they can read it. */
  certificate: Record<string, string>
}

/** Made by the server itself, for itself. */
const ofTheServer = ['mysql.sys', 'mysql.session', 'mysql.infoschema', 'mariadb.sys']

export async function listAccounts(server: Server, flavour: Flavour): Promise<Account[]> {
  const isRole = flavour === 'mariadb' ? ', is_role' : ''
  const rows = await server
    .query(`SELECT User, Host${isRole}, x509_issuer, x509_subject FROM mysql.user ORDER BY User, Host`)
    .catch(error => {
      if (!isDenied(error)) throw error
      throw new Failure('mysql-missing-right', 'The accounts of the server may not be read', {
        why: error.message,
        fix: 'Grant SELECT ON mysql.* to the account',
        cause: error,
      })
    })
  return rows
    .map(row => ({
      user: text(row, 'User'),
      host: textOrNull(row, 'is_role') === 'Y' ? null : text(row, 'Host'),
      certificate: { ISSUER: textOrNull(row, 'x509_issuer') ?? '', SUBJECT: textOrNull(row, 'x509_subject') ?? '' },
    }))
    .filter(({ user }) => !ofTheServer.includes(user))
}

const isPublic = ({ user, host }: Account) => host === null && user === 'PUBLIC'

/** `server/accounts.sql`: accounts with their password hashes, and MariaDB's roles. What is there already stays as it is. */
export async function accountsScript(server: Server, accounts: Account[]): Promise<Buffer> {
  const script = new Script('accounts and roles')
  for (const account of accounts) {
    if (isPublic(account)) continue
    if (account.host === null) {
      script.add(`CREATE ROLE IF NOT EXISTS ${quoteAccount(account)}`)
      continue
    }
    const rows = await server.query(`SHOW CREATE USER ${quoteAccount(account)}`)
    for (const row of rows) script.add(creationOf(withQuotes(Object.values(row)[0]!.toString(), account)))
  }
  return script.bytes()
}

/** MySQL does not escape quotes in what a certificate must have. */
function withQuotes(shown: string, { certificate }: Account): string {
  return Object.entries(certificate).reduce(
    (before, [word, value]) => before.replace(` ${word} '${value}'`, () => ` ${word} ${quoteText(value)}`),
    shown,
  )
}

/** SHOW CREATE USER's answer for a server that may have the account; default roles are set with the grants, when all roles are there. */
export function creationOf(shown: string): string {
  return shown
    .replace(/^CREATE USER /, 'CREATE USER IF NOT EXISTS ')
    .replace(/ DEFAULT ROLE (`(?:[^`]|``)*`@`(?:[^`]|``)*`,?)+(?= REQUIRE )/, '')
}

/** `grants.sql`: rights, roles held and default roles. */
export async function grantsScript(server: Server, flavour: Flavour, accounts: Account[]): Promise<Buffer> {
  const script = new Script('grants')
  for (const account of accounts) {
    const name = isPublic(account) ? 'PUBLIC' : quoteAccount(account)
    const shown = (await server.query(`SHOW GRANTS FOR ${name}`)).map(row => Object.values(row)[0]!.toString())
    const grants = shown.flatMap(line => grantOf(line, name) ?? [])
    // Each account has at least USAGE: none means that the server writes its name in a way that is not known here.
    if (grants.length === 0 && shown.length > 0)
      throw new Failure('mysql-grants-unreadable', `The grants of ${name} cannot be understood`, {
        why: shown[0]!,
        fix: 'Report this line to the maker of FailSafe Online Backup',
      })
    // Servers list the same grants in different orders. GRANT, REVOKE, SET DEFAULT ROLE: this order is also the one they need.
    for (const grant of grants.map(sortColumns).sort()) if (!isInstalled(account, grant)) script.add(grant)
  }
  if (flavour === 'mariadb') await giveRolesBack(server, script, accounts)
  else await addDefaultRoles(server, script)
  return script.bytes()
}

/** Every server gives its own root the right to be anybody's proxy; given again it would be there twice. */
function isInstalled({ user }: Account, grant: string): boolean {
  return user === 'root' && /^GRANT PROXY ON (``|'')@/.test(grant)
}

/**
 * A line of SHOW GRANTS without the password it repeats, which accounts.sql sets; undefined for lines about the roles that the
 * account holds, which have lines of their own.
 * @param account as quoteAccount writes it; MySQL 5.7 writes it with single quotes
 */
export function grantOf(line: string, account: string): string | undefined {
  // A part of a right on everything that was taken away again (MySQL's partial_revokes).
  if (line.startsWith('SET DEFAULT ROLE ') || line.startsWith('REVOKE ')) return line
  for (const name of [account, account.replaceAll('`', "'")]) {
    const to = line.lastIndexOf(` TO ${name}`)
    const end = to + ` TO ${name}`.length
    if (to < 0 || !['', ' ', ','].includes(line.charAt(end))) continue
    const rest = line.slice(end)
    const suffix = ['GRANT OPTION', 'ADMIN OPTION'].find(option => new RegExp(`WITH (.* )?${option}\\b`).test(rest))
    return line.slice(0, end) + (suffix ? ` WITH ${suffix}` : '')
  }
  return undefined
}

/** The columns that a right is granted on come in the order in which a server found them. */
function sortColumns(grant: string): string {
  return grant.replace(/\(`(?:[^`]|``)*`(?:, `(?:[^`]|``)*`)*\)/g, list => {
    const names = [...list.matchAll(/`(?:[^`]|``)*`/g)].map(([name]) => name)
    return `(${names.sort().join(', ')})`
  })
}

/** Who makes a role holds it; who restores shall hold no more than on the source. */
async function giveRolesBack(server: Server, script: Script, accounts: Account[]): Promise<void> {
  const holders = await server.query('SELECT User, Host, Role FROM mysql.roles_mapping')
  for (const role of accounts) {
    if (role.host !== null || isPublic(role)) continue
    const list = holders
      .filter(row => text(row, 'Role') === role.user)
      .map(row => quoteText(`${text(row, 'User')}@${text(row, 'Host')}`))
    const revoke = quoteText(`REVOKE ${quoteAccount(role)} FROM CURRENT_USER`)
    script.add(`SET @failsafe = IF(CURRENT_USER() IN (${["''", ...list].join(', ')}), 'DO 0', ${revoke})`)
    script.add('EXECUTE IMMEDIATE @failsafe')
  }
}

/** MySQL 8; 5.7 has no such table. */
async function addDefaultRoles(server: Server, script: Script): Promise<void> {
  const rows = await server
    .query('SELECT USER, HOST, DEFAULT_ROLE_USER, DEFAULT_ROLE_HOST FROM mysql.default_roles ORDER BY 1, 2, 3, 4')
    .catch(error => {
      if (!noSuchTable.includes(error.errno)) throw error
      return []
    })
  const defaults = new Map<string, string[]>()
  for (const row of rows) {
    const account = quoteAccount({ user: text(row, 'USER'), host: text(row, 'HOST') })
    const role = quoteAccount({ user: text(row, 'DEFAULT_ROLE_USER'), host: text(row, 'DEFAULT_ROLE_HOST') })
    defaults.set(account, [...(defaults.get(account) ?? []), role])
  }
  for (const [account, roles] of defaults) script.add(`SET DEFAULT ROLE ${roles.join(', ')} TO ${account}`)
}

const noSuchTable = [1146]
