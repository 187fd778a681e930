import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseAddress } from '../../../uploader/engines/sqlserver/detect/address.ts'
import { listInstances, parse } from '../../../uploader/engines/sqlserver/detect/browser.ts'
import { sqlserverDetector, usualDirectory } from '../../../uploader/engines/sqlserver/detect/detector.ts'
import { placeOf, portsIn } from '../../../uploader/engines/sqlserver/detect/places.ts'
import { askPrelogin } from '../../../uploader/engines/sqlserver/detect/prelogin.ts'
import { sqlserver } from '../../../uploader/engines/sqlserver/engine.ts'
import { startBrowser } from '../../doubles/tds/browser.ts'
import { type SqlServer, startSqlServer } from '../../doubles/tds/server.ts'
import { failureOf } from '../mysql/harness.ts'
import { BackupChain } from './chain.ts'

const signal = new AbortController().signal
/** An address to itself: SQL Server Browser has one port alone. */
const host = '127.0.14.34'

let server: SqlServer

beforeEach(async () => {
  server = await startSqlServer({ host })
  server.model.createDatabase('shop')
  server.model.write('shop', { a: '1' })
})
afterEach(() => server.close())

const detect = (address: string) => sqlserverDetector.detectAt(address, signal)
const sa = () => ({ user: server.logins.sa.user, password: server.logins.sa.password })

describe('a SQL Server', () => {
  it('is known by what it says before a login', async () => {
    expect(await detect(`${host}:${server.port}`)).toEqual({
      engine: 'sqlserver',
      what: `SQL Server 2022 (16.0.4175) at ${host}:${server.port}`,
      name: 'sqlserver',
      connection: { host, port: server.port },
      settings: { directory: '/var/opt/mssql/failsafe' },
    })
    await expect.poll(() => server.connections).toBe(0)
  })

  it('is found by the name of its instance, and by the list of SQL Server Browser', async () => {
    await using _ = await startBrowser(host, [
      { name: 'MSSQLSERVER', port: 1 },
      { name: 'CRM', port: server.port },
    ])
    expect(await listInstances(host, signal)).toEqual([
      { name: 'MSSQLSERVER', port: 1 },
      { name: 'CRM', port: server.port },
    ])
    expect(await detect(`${host}\\crm`)).toMatchObject({ name: 'crm', connection: { host, instance: 'crm' } })
    expect(await detect(`${host}\\other`)).toBeUndefined()
  })

  it('is found on this machine without an address, once, by the name that may keep its port', async () => {
    await using here = await startSqlServer()
    await using _ = await startBrowser('127.0.0.1', [
      { name: 'CRM', port: here.port },
      { name: 'STOPPED', port: 1 },
    ])
    const found = (await sqlserverDetector.detect(signal)).filter(({ name }) => ['crm', 'stopped'].includes(name))
    expect(found).toMatchObject([{ name: 'crm', connection: { host: '127.0.0.1', instance: 'CRM' } }])
  })

  it.each(['/run/mysqld/mysqld.sock', `${host}:1`, `${host}\\CRM`, 'a b', '127.0.0.1:99999'])(
    'is not at %s',
    async address => expect(await detect(address)).toBeUndefined(),
  )

  it('is not what speaks first, says something else, or nothing', async () => {
    for (const words of [
      'J\0\0\0\n10.11.14-MariaDB\0',
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      '\u0004\u0001\0\u0009\0\0\0\0\0',
    ]) {
      const other = createServer(socket => socket.end(Buffer.from(words, 'latin1')).on('error', () => {}))
      await new Promise<void>(resolve => other.listen(0, host, resolve))
      const { port } = other.address() as { port: number }
      expect(await askPrelogin(host, port, signal)).toBeUndefined()
      other.close()
    }
  })

  it('is known as configured by another address of this machine, and by its instance', async () => {
    const detected = (await detect(`${host}:${server.port}`))!
    const isConfigured = (connection: object) =>
      sqlserverDetector.isConfigured(detected, { connection: { user: 'u', ...connection }, directory: '/d' }, signal)
    expect(await isConfigured({ host: 'localhost', port: server.port })).toBe(true)
    expect(await isConfigured({ host, port: server.port + 1 })).toBe(false)
    expect(await isConfigured({ host: 'db.example.net', port: server.port })).toBe(false)
    expect(await isConfigured({ port: 'not a port' })).toBe(false)
    await using _ = await startBrowser(host, [{ name: 'CRM', port: server.port }])
    expect(await isConfigured({ host, instance: 'CRM' })).toBe(true)
    expect(await isConfigured({ host, instance: 'OTHER' })).toBe(false)
  })
})

describe('an account for backups', () => {
  const plan = async (as = sa()) =>
    sqlserverDetector.accounts!.plan((await detect(`${host}:${server.port}`))!, as, 'failsafe', signal)
  const login = { user: 'failsafe', password: "Aa1-it's ]" }

  it('has every right that a backup needs, and no more statements were run than were shown', async () => {
    const { statements, logs, make } = await plan()
    expect(logs).toBe(true)
    expect(statements[0]).toBe("CREATE LOGIN [failsafe] WITH PASSWORD = N'...'")
    const before = server.statements.length
    await make(login.password, signal)
    const run = server.statements.slice(before).map(({ text }) => text)
    const changing = run.filter(text => !/^(SELECT|set) /.test(text))
    expect(changing.slice(1)).toEqual(statements.slice(1))
    await using chain = await BackupChain.of(server, {}, { login })
    expect(await sqlserver.checkRights!(chain.settings, signal)).toEqual([])
    expect((await chain.take('full')).warnings).toEqual([])
    server.model.createDatabase('later')
    expect((await chain.take('full')).warnings).toEqual([])
  })

  it('is made to its end where it was interrupted', async () => {
    const { make } = await plan()
    server.faults.onStatement(/^USE \[shop\]; CREATE USER/, { kind: 'kill' })
    expect(await failureOf(make(login.password, signal))).toContain('account-not-made')
    await make(login.password, signal)
    await using chain = await BackupChain.of(server, {}, { login })
    expect(await sqlserver.checkRights!(chain.settings, signal)).toEqual([])
  })

  it('is taken back where it cannot be given its rights', async () => {
    const { make } = await plan()
    server.faults.onStatement(/^USE \[shop\]; ALTER ROLE/, {
      kind: 'error',
      messages: [{ number: 15151, state: 1, severity: 16, text: 'Cannot alter the role.' }],
    })
    expect(await failureOf(make(login.password, signal))).toMatch(
      /account-not-made: .*Cannot alter the role.*Have an administrator run: CREATE LOGIN/,
    )
    expect(await failureOf(detectedAs(login))).toContain('sqlserver-login-refused')
    expect([...server.model.database('model').users.keys()]).toEqual([])
  })

  const detectedAs = async (as: typeof login) =>
    sqlserverDetector.accounts!.plan((await detect(`${host}:${server.port}`))!, as, 'x', signal)

  it('that somebody else has made is left alone', async () => {
    server.logins.add('failsafe', { password: 'Theirs-1' })
    expect(await failureOf((await plan()).make(login.password, signal))).toMatch(/account-taken: .*--user/)
    expect([...server.model.database('shop').users.keys()]).toEqual([])
  })

  it('is not made by somebody who may not', async () => {
    const boss = server.logins.add('boss', { permissions: ['VIEW ANY DEFINITION', 'VIEW SERVER STATE'] })
    expect(await failureOf((await plan(boss)).make(login.password, signal))).toContain('account-not-made')
    expect(await failureOf(plan({ user: 'sa', password: 'wrong' }))).toContain('sqlserver-login-refused')
  })

  it('says whether there are logs to back up', async () => {
    server.model.setRecovery('shop', 'SIMPLE')
    expect((await plan()).logs).toBe(false)
  })

  it('is shown in statements that need no look at the server', async () => {
    const statements = sqlserverDetector.accounts!.statements((await detect(`${host}:${server.port}`))!, 'failsafe')
    expect(statements.map(text => text.split(' ').slice(0, 2).join(' '))).toEqual([
      'CREATE LOGIN',
      'GRANT CREATE',
      'DECLARE @all',
      'USE msdb;',
    ])
  })
})

describe('what tells where a server listens', () => {
  it('is the answer of SQL Server Browser', () => {
    const text =
      'ServerName;H;InstanceName;A;IsClustered;No;Version;16.0.1000.6;np;\\\\H\\pipe\\sql;;ServerName;H;InstanceName;B;tcp;5000;;'
    const message = Buffer.concat([Buffer.from([5, text.length & 0xff, text.length >> 8]), Buffer.from(text)])
    expect(parse(message)).toEqual([
      { name: 'A', port: undefined },
      { name: 'B', port: 5000 },
    ])
    expect(parse(Buffer.from('x'))).toEqual([])
    expect(placeOf({ name: 'mssqlserver', port: 1433 })).toEqual([{ port: 1433, instance: undefined }])
    expect(placeOf({ name: 'A', port: undefined })).toEqual([])
  })

  it('is the configuration of a server on Linux', () => {
    expect(portsIn('[EULA]\naccepteula = Y\n\n[network]\ntcpport = 1500\n[sqlagent]\nenabled = true\n')).toEqual([1500])
    expect(portsIn('[other]\ntcpport = 1500\n')).toEqual([])
    expect(portsIn('')).toEqual([])
  })

  it.each([
    ['db.example.net', { host: 'db.example.net', port: undefined, instance: undefined }],
    ['db:1500', { host: 'db', port: 1500, instance: undefined }],
    ['[::1]:1433', { host: '::1', port: 1433, instance: undefined }],
    ['db\\CRM', { host: 'db', port: undefined, instance: 'CRM' }],
    [':1433', { host: '127.0.0.1', port: 1433, instance: undefined }],
    ['/run/x', undefined],
    ['db:70000', undefined],
  ])('%s is an address, or none', (text, address) => expect(parseAddress(text)).toEqual(address))

  it('and where both are let in is a directory of the platform', () => {
    expect(usualDirectory('win32')).toMatch(/^C:\\/)
  })
})
