import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startBrowser } from '../../doubles/tds/browser.ts'
import { type SqlServer, startSqlServer } from '../../doubles/tds/server.ts'
import { failureOf } from '../mysql/harness.ts'
import { BackupChain } from './chain.ts'

/** An address to itself: SQL Server Browser has one port alone. */
const host = '127.0.14.35'

let server: SqlServer

beforeEach(async () => {
  server = await startSqlServer({ host, serverName: 'DOUBLE\\CRM' })
  server.model.createDatabase('shop')
  server.model.write('shop', { a: '1' })
})
afterEach(() => server.close())

/** What the engine's own settings say of a connection, in the place of those of the chain. */
async function chainWith(connection: object): Promise<BackupChain> {
  const chain = await BackupChain.of(server)
  Object.assign(chain.settings.connection, connection)
  return chain
}

describe('an instance that is named', () => {
  const named = { port: undefined, instance: 'crm' }

  it('is reached by what SQL Server Browser says, backed up and restored into', async () => {
    await using _ = await startBrowser(host, [
      { name: 'MSSQLSERVER', port: 1 },
      { name: 'CRM', port: server.port },
    ])
    await using chain = await chainWith(named)
    expect((await chain.take('full')).warnings).toEqual([])
    // The address of the chain names a port; a target may name the instance.
    await chain.restore(server, { kind: 'latest' }, { units: ['shop'], query: 'instance=CRM&suffix=_r' })
    expect(server.model.content('shop_r')).toEqual({ a: '1' })
  })

  it('that Browser does not know is said to be missing', async () => {
    await using _ = await startBrowser(host, [{ name: 'OTHER', port: server.port }])
    await using chain = await chainWith(named)
    expect(await failureOf(chain.take('full'))).toMatch(/sqlserver-instance: No instance crm answers .*1434/)
  })
})

describe('a Windows account', () => {
  const windows = { user: 'backup', domain: 'CORP' }
  const password = 'Secret of Windows 1'
  const rights = {
    password,
    permissions: ['CREATE ANY DATABASE', 'VIEW SERVER STATE', 'VIEW ANY DEFINITION'],
    users: { '*': ['db_backupoperator'] },
    msdb: ['dbo.backupset'],
  }

  it('logs in with NTLM, and backs up', async () => {
    server.logins.add('CORP\\backup', rights)
    await using chain = await chainWith(windows)
    process.env.FAILSAFE_TEST_SQLSERVER = password
    const taken = await chain.take('full')
    expect(taken.warnings).toEqual([])
    expect(taken.committed.units.map(({ unit }) => unit)).toContain('shop')
  })

  it('of another password or another domain is refused, with what to look at', async () => {
    server.logins.add('CORP\\backup', rights)
    await using chain = await chainWith(windows)
    process.env.FAILSAFE_TEST_SQLSERVER = 'wrong'
    expect(await failureOf(chain.take('full'))).toMatch(/sqlserver-login-refused: .*domain/)
    process.env.FAILSAFE_TEST_SQLSERVER = password
    await using other = await chainWith({ ...windows, domain: 'ELSEWHERE' })
    expect(await failureOf(other.take('full'))).toContain('sqlserver-login-refused')
  })

  it('may restore', async () => {
    server.logins.add('CORP\\restorer', { password, roles: ['dbcreator'] })
    await using chain = await chainWith({})
    await chain.take('full')
    const target = { ...server, logins: { sa: { user: 'restorer', password } } } as unknown as SqlServer
    await chain.restore(target, { kind: 'latest' }, { units: ['shop'], query: 'domain=CORP&suffix=_r' })
    expect(server.model.content('shop_r')).toEqual({ a: '1' })
  })
})
