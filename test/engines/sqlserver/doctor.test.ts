import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sqlserver } from '../../../uploader/engines/sqlserver/engine.ts'
import type { Settings } from '../../../uploader/engines/sqlserver/settings.ts'
import { type SqlServer, startSqlServer } from '../../doubles/tds/server.ts'
import { BackupChain } from './chain.ts'

let server: SqlServer
const { signal } = new AbortController()

beforeEach(async () => {
  server = await startSqlServer()
  server.model.createDatabase('shop')
})
afterEach(() => server.close())

const rights = (settings: Settings) => sqlserver.checkRights!(settings, signal)

/** A login with exactly the rights of docs/engines/sqlserver.md, less what is taken away. */
function backupLogin({
  permissions = ['CREATE ANY DATABASE', 'VIEW SERVER STATE', 'VIEW ANY DEFINITION'],
  msdb = ['dbo.backupset'],
} = {}) {
  return server.logins.add('backup', { permissions, users: { '*': ['db_backupoperator'] }, msdb })
}

describe('the rights of the login', () => {
  it('of an administrator and of the documented login are enough: for the doctor and for backups', async () => {
    for (const login of [server.logins.sa, backupLogin()]) {
      await using chain = await BackupChain.of(server, {}, { login })
      expect(await rights(chain.settings)).toEqual([])
      for (const kind of ['full', 'log', 'differential'] as const) expect((await chain.take(kind)).warnings).toEqual([])
    }
  })

  it.each([
    ['CREATE ANY DATABASE', 'GRANT CREATE ANY DATABASE TO [backup]'],
    ['VIEW SERVER STATE', 'GRANT VIEW SERVER STATE TO [backup]'],
    ['VIEW ANY DEFINITION', 'GRANT VIEW ANY DEFINITION TO [backup]'],
  ])('without %s are named with the statement that grants it', async (missing, statement) => {
    const all = ['CREATE ANY DATABASE', 'VIEW SERVER STATE', 'VIEW ANY DEFINITION']
    const login = backupLogin({ permissions: all.filter(permission => permission !== missing) })
    await using chain = await BackupChain.of(server, {}, { login })
    const findings = await rights(chain.settings)
    expect(findings.map(({ fix }) => fix)).toContain(`Run as an administrator: ${statement}`)
    expect(findings.every(({ grave }) => grave)).toBe(true)
  })

  it('without the history, and without a user in a database, too', async () => {
    const login = backupLogin({ msdb: [] })
    server.logins.removeUser('backup', 'shop')
    await using chain = await BackupChain.of(server, {}, { login })
    const fixes = (await rights(chain.settings)).map(({ fix }) => fix).join('\n')
    expect(fixes).toContain('GRANT SELECT ON dbo.backupset TO [backup]')
    expect(fixes).toContain(
      'USE [shop]; CREATE USER [backup] FOR LOGIN [backup]; ALTER ROLE db_backupoperator ADD MEMBER [backup]',
    )
  })
})

describe('the exchange directory', () => {
  it('that the server may not write is found, with the rights for its platform', async () => {
    await using chain = await BackupChain.of(server)
    server.faults.onStatement(/^BACKUP/, { kind: 'device', code: 'EACCES' })
    expect(await rights(chain.settings)).toMatchObject([
      { code: 'sqlserver-directory-denied', fix: expect.stringContaining('-o mssql -g mssql') },
    ])
    await using windows = await startSqlServer({
      platform: 'windows',
      mounts: [{ server: 'D:\\x', local: join(chain.directory, 'exchange') }],
    })
    await using there = await BackupChain.of(windows, { directoryOnServer: 'D:\\x' })
    windows.faults.onStatement(/^BACKUP/, { kind: 'device', code: 'EACCES' })
    expect(await rights(there.settings)).toMatchObject([
      { fix: expect.stringContaining('icacls "D:\\x" /grant "NT SERVICE\\MSSQLSERVER:(OI)(CI)M"') },
    ])
  })

  it('that is another one on the server is found', async () => {
    await using chain = await BackupChain.of(server)
    const there = join(chain.directory, 'there')
    await mkdir(there)
    await using apart = await startSqlServer({ mounts: [{ server: '/exchange', local: there }] })
    await using backups = await BackupChain.of(apart, { directoryOnServer: '/exchange' })
    expect(await rights(backups.settings)).toMatchObject([{ code: 'sqlserver-directory-elsewhere', grave: true }])
  })

  it('is empty again when all was well', async () => {
    await using chain = await BackupChain.of(server)
    expect(await rights(chain.settings)).toEqual([])
    expect(await chain.exchange()).toEqual([])
  })

  it('without room for the largest databases is warned of', async () => {
    server.model.createDatabase('huge', { padding: 15 * 1024 ** 4 })
    await using chain = await BackupChain.of(server)
    expect(await rights(chain.settings)).toMatchObject([{ code: 'sqlserver-directory-small', grave: false }])
  })
})

describe('log runs that are scheduled', () => {
  it('do not hold databases in SIMPLE recovery, which are named', async () => {
    await using chain = await BackupChain.of(server)
    const logs = () => sqlserver.checkLogs!(chain.settings, 900, signal)
    expect(await logs()).toEqual([])
    server.model.setRecovery('shop', 'SIMPLE')
    expect(await logs()).toMatchObject([{ code: 'sqlserver-recovery-simple', what: 'Log runs do not hold shop' }])
  })

  it('make no sense beside another product', async () => {
    await using chain = await BackupChain.of(server, { coexist: true })
    expect(await sqlserver.checkLogs!(chain.settings, 900, signal)).toMatchObject([
      { code: 'sqlserver-coexist-logs', grave: true },
    ])
  })
})
