import { Failure } from '../../../shared/failure.ts'
import { loginOf } from './connection/login.ts'
import { prepareReading } from './connection/prepare.ts'
import { grantedEverywhere } from './connection/rights.ts'
import type { Server } from './connection/server.ts'
import { withServer } from './connection/with-server.ts'
import { listDatabases, systemDatabaseList } from './definitions/system-databases.ts'
import { text, textOrNull } from './definitions/text.ts'
import type { Flavour, Inventory } from './inventory.ts'
import { readLogState } from './log/state.ts'
import { lookAtMachine } from './physical/machine.ts'
import { releaseOf } from './release.ts'
import { missingRights } from './rights.ts'
import { isEverything } from './selection/record.ts'
import { Selection } from './selection/selection.ts'
import type { Settings } from './settings.ts'
import { quoteAccount } from './sql/quote.ts'

export async function inspect(settings: Settings, signal: AbortSignal): Promise<Inventory> {
  return withServer(await loginOf(settings.connection, signal), signal, async server => {
    const inventory = await inspectServer(server)
    requireVersion(inventory)
    requireRights(inventory, settings.method)
    if (settings.method === 'physical')
      return { ...inventory, physical: await lookAtMachine(server, inventory, settings, signal) }
    if (isEverything(settings)) return inventory
    const selection = new Selection(settings, inventory.lowerCaseTableNames)
    return { ...inventory, dataBytes: await sumChosenBytes(server, selection) }
  })
}

export async function inspectServer(server: Server): Promise<Inventory> {
  const is = await server.one('SELECT VERSION() version, CURRENT_USER() account')
  const version = is!.version!
  const flavour: Flavour = /mariadb/i.test(version) ? 'mariadb' : 'mysql'
  await prepareReading(server, flavour)
  const variables = await readVariables(server)
  const release = releaseOf(version)
  const logged = variables.get('log_bin') === 'ON'
  const account = is!.account!
  const at = account.lastIndexOf('@')
  return {
    flavour,
    version,
    release,
    serverId: variables.get('server_id') ?? '0',
    serverUuid: variables.get('server_uuid') ?? null,
    hostname: variables.get('hostname') ?? '',
    port: variables.get('port') ?? '',
    dataDirectory: variables.get('datadir') ?? '',
    lowerCaseTableNames: Number(variables.get('lower_case_table_names') ?? 0),
    logBase: logged ? baseName(variables.get('log_bin_basename') ?? 'binlog') : null,
    log: logged ? await readLogState(server, flavour, release) : null,
    databases: await listDatabases(server),
    dataBytes: await sumDataBytes(server),
    rights: await grantedEverywhere(server, flavour),
    account: { user: account.slice(0, at), host: account.slice(at + 1) },
  }
}

async function readVariables(server: Server): Promise<Map<string, string>> {
  const names = [
    'server_id',
    'server_uuid',
    'hostname',
    'port',
    'datadir',
    'lower_case_table_names',
    'log_bin',
    'log_bin_basename',
  ]
  const list = names.map(name => `'${name}'`).join(', ')
  const rows = await server.query(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${list})`)
  return new Map(rows.map(row => [row.Variable_name!.toString(), row.Value!.toString()]))
}

async function sumDataBytes(server: Server): Promise<number> {
  const row = await server.one(
    `SELECT CAST(SUM(DATA_LENGTH) AS CHAR) bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN (${systemDatabaseList})`,
  )
  return Number(row?.bytes ?? 0)
}

async function sumChosenBytes(server: Server, selection: Selection): Promise<number> {
  const rows = await server.query(
    `SELECT TABLE_SCHEMA, TABLE_NAME, DATA_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN (${systemDatabaseList})`,
  )
  return rows
    .filter(row => selection.has(text(row, 'TABLE_SCHEMA'), text(row, 'TABLE_NAME')))
    .reduce((sum, row) => sum + Number(textOrNull(row, 'DATA_LENGTH') ?? 0), 0)
}

/** What is older has no SHOW CREATE USER. @throws Failure `mysql-too-old` */
export function requireVersion({
  flavour,
  release,
  version,
}: Pick<Inventory, 'flavour' | 'release' | 'version'>): void {
  const [name, least] = flavour === 'mariadb' ? ['MariaDB', '10.2.0'] : ['MySQL', '5.7.6']
  if (release >= releaseOf(least!)) return
  throw new Failure('mysql-too-old', `${name} ${version} is too old to be backed up`, {
    why: `accounts and definitions can be read exactly from ${name} ${least} on`,
    fix: 'Upgrade the server',
  })
}

/** @throws Failure `mysql-missing-right` with the GRANT that helps */
function requireRights(inventory: Inventory, method: Settings['method']): void {
  const missing = missingRights(inventory, method).filter(({ needed }) => needed)
  if (missing.length === 0) return
  const account = quoteAccount(inventory.account)
  const names = missing.map(({ name }) => name).join(', ')
  throw new Failure('mysql-missing-right', `The account ${account} lacks the right ${names} on all databases`, {
    why: `without it ${missing[0]!.without}`,
    fix: `Run as an administrator: GRANT ${names} ON *.* TO ${account}`,
  })
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1)!
}
