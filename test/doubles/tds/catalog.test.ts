import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../uploader/directory.ts'
import { Client } from './client.ts'
import { Clock } from './clock.ts'
import type { LoginOptions } from './logins.ts'
import { type SqlServer, startSqlServer } from './server.ts'

let server: SqlServer
let client: Client
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
beforeEach(async () => {
  directory = await temporaryDirectory()
  server = await startSqlServer()
  server.model.createDatabase('shop')
  client = await Client.connect(server)
})
afterEach(async () => {
  await client[Symbol.asyncDispose]()
  await server.close()
  await directory[Symbol.asyncDispose]()
})

async function as<T>(rights: LoginOptions, act: (visitor: Client) => Promise<T>): Promise<T> {
  const login = server.logins.add('visitor', rights)
  await using visitor = await Client.connect(server, { login })
  return await act(visitor)
}

describe('a release', () => {
  test.each([
    ['11', '11.0.7507.2', 'Microsoft SQL Server 2012', null],
    ['13', '13.0.6450.1', 'Microsoft SQL Server 2016', null],
    ['15', '15.0.4415.2', 'Microsoft SQL Server 2019', '/var/opt/mssql/data'],
    ['17', '17.0.1000.7', 'Microsoft SQL Server 2025', '/var/opt/mssql/data'],
  ] as const)('%s says what it is', async (version, number, banner, directory) => {
    await using other = await startSqlServer({ version })
    await using visitor = await Client.connect(other)
    expect(await visitor.value("CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion'))")).toBe(number)
    expect(await visitor.value("SERVERPROPERTY('InstanceDefaultBackupPath')")).toBe(directory)
    expect(await visitor.value('@@VERSION')).toMatch(
      new RegExp(`^${banner} [^]* on ${Number(version) < 14 ? 'Windows' : 'Linux'}`),
    )
  })

  test('has the columns that it has, and no later ones', async () => {
    await using old = await startSqlServer({ version: 11 })
    await using visitor = await Client.connect(old)
    old.model.joinGroup('msdb', 'PRIMARY')
    expect(await visitor.errors('SELECT key_algorithm FROM msdb.dbo.backupset')).toEqual([207])
    expect(await client.errors('SELECT key_algorithm FROM msdb.dbo.backupset')).toEqual([])
    const primary = 'SELECT is_primary_replica FROM sys.dm_hadr_database_replica_states'
    expect(await visitor.errors(primary)).toEqual([207])
    expect(await client.errors(primary)).toEqual([])
    const roles = 'SELECT role_desc FROM sys.dm_hadr_availability_replica_states'
    expect(await visitor.rows(roles)).toEqual([{ role_desc: 'PRIMARY' }])
    const width = async (version: number, what: string) => {
      await using other = await startSqlServer({ version })
      await using its = await Client.connect(other)
      const path = directory.in(`${version}.bak`)
      await other.model.backup('model', 'full', { to: path })
      const [row] = await its.rows(`RESTORE ${what} FROM DISK = @path`, { path })
      return Object.keys(row!).length
    }
    expect(await Promise.all([11, 12, 16].map(version => width(version, 'HEADERONLY')))).toEqual([53, 56, 59])
    expect(await Promise.all([11, 13].map(version => width(version, 'FILELISTONLY')))).toEqual([21, 22])
  })

  test.each([
    ['express', 4, 'Express Edition (64-bit)'],
    ['standard', 2, 'Standard Edition (64-bit)'],
    ['azure', 5, 'SQL Azure'],
    ['managed', 8, 'SQL Azure'],
  ] as const)('of the %s edition is engine %i', async (edition, engine, name) => {
    await using other = await startSqlServer({ edition, platform: 'windows', serverName: 'HOST\\SECOND' })
    await using visitor = await Client.connect(other)
    expect(await visitor.value("SERVERPROPERTY('EngineEdition')")).toBe(engine)
    expect(await visitor.value("SERVERPROPERTY('Edition')")).toBe(name)
    expect(await visitor.value("SERVERPROPERTY('InstanceName')")).toBe('SECOND')
    expect(await visitor.value("SERVERPROPERTY('MachineName')")).toBe('HOST')
    expect(await visitor.value('@@VERSION')).toContain('Windows')
  })
})

describe('a name', () => {
  const names = ['it\'s ] "quoted"', ' spaces. ', '🦊 Füchse', 'x'.repeat(128), 'a.b']

  test.each(names)('%s is backed up, found and restored', async name => {
    server.model.createDatabase(name)
    server.model.write(name, { a: '1' })
    const path = directory.in('named.bak')
    await client.run('BACKUP DATABASE @name TO DISK = @path WITH FORMAT', { name, path })
    expect(
      await client.rows('SELECT database_name FROM msdb.dbo.backupset WHERE database_name = @name', { name }),
    ).toEqual([{ database_name: name }])
    expect(await client.value("HAS_PERMS_BY_NAME(QUOTENAME(@name), 'DATABASE', 'BACKUP DATABASE')", { name })).toBe(1)
    await client.run('RESTORE DATABASE @name FROM DISK = @path WITH REPLACE', { name, path })
    expect(server.model.content(name)).toEqual({ a: '1' })
    await client.run(`ALTER DATABASE [${name.replaceAll(']', ']]')}] SET RECOVERY SIMPLE`)
    expect(server.model.database(name).recovery).toBe('SIMPLE')
  })

  test('may differ in the case alone where the server looks at it', async () => {
    await using sensitive = await startSqlServer({ caseSensitive: true })
    sensitive.model.createDatabase('shop')
    sensitive.model.createDatabase('SHOP')
    await using visitor = await Client.connect(sensitive)
    expect(await visitor.rows("SELECT name FROM sys.databases WHERE name = 'SHOP'")).toEqual([{ name: 'SHOP' }])
    expect(await visitor.errors("BACKUP DATABASE Shop TO DISK = 'NUL'")).toEqual([911, 3013])
    expect(() => server.model.createDatabase('SHOP')).toThrow('already')
  })
})

describe('what is there', () => {
  test('is shown as it is', async () => {
    server.model.createDatabase('secret', {
      encrypted: 'the key',
      readOnly: true,
      recovery: 'BULK_LOGGED',
      filestream: true,
    })
    server.model.snapshot('shop', 'still')
    server.model.mirror('shop', 'MIRROR')
    server.model.joinGroup('secret', 'SECONDARY', { preferred: false })
    server.model.setState('still', 'SUSPECT')
    const rows = await client.rows(`
      SELECT d.name, d.state_desc, d.recovery_model_desc, d.is_read_only, d.is_encrypted, d.source_database_id, m.mirroring_role_desc AS role,
        sys.fn_hadr_backup_is_preferred_replica(d.name) AS preferred, sys.fn_hadr_is_primary_replica(d.name) AS primary_replica,
        HAS_DBACCESS(d.name) AS access
      FROM sys.databases d JOIN sys.database_mirroring m ON m.database_id = d.database_id WHERE d.database_id > 4`)
    const plain = {
      state_desc: 'ONLINE',
      is_read_only: false,
      is_encrypted: false,
      source_database_id: null,
      role: null,
      preferred: true,
      primary_replica: null,
      access: 1,
    }
    expect(rows).toEqual([
      { ...plain, name: 'shop', recovery_model_desc: 'FULL', role: 'MIRROR', access: 0 },
      {
        ...plain,
        name: 'secret',
        recovery_model_desc: 'BULK_LOGGED',
        is_read_only: true,
        is_encrypted: true,
        preferred: false,
        primary_replica: false,
      },
      {
        ...plain,
        name: 'still',
        recovery_model_desc: 'SIMPLE',
        is_read_only: true,
        state_desc: 'SUSPECT',
        source_database_id: 5,
        access: 0,
      },
    ])
    expect(await client.rows("SELECT type_desc FROM sys.master_files WHERE database_id = DB_ID('secret')")).toEqual([
      { type_desc: 'ROWS' },
      { type_desc: 'LOG' },
      { type_desc: 'FILESTREAM' },
    ])
    server.model.failover('secret')
    expect(await client.value("sys.fn_hadr_is_primary_replica('secret')")).toBe(true)
    expect(await client.value("sys.fn_hadr_backup_is_preferred_replica('nowhere')")).toBe(false)
  })

  test('tells when the key of a certificate was saved', async () => {
    server.model.createDatabase('secret', { encrypted: 'the key' })
    const saved = () =>
      client.rows(`
        SELECT d.name, c.name AS certificate, CONVERT(varchar(33), c.pvt_key_last_backup_date, 126) AS saved FROM sys.dm_database_encryption_keys k
        JOIN sys.databases d ON d.database_id = k.database_id
        LEFT JOIN master.sys.certificates c ON c.thumbprint = k.encryptor_thumbprint`)
    expect(await saved()).toEqual([{ name: 'secret', certificate: 'the key', saved: null }])
    server.model.saveCertificate('the key')
    expect(await saved()).toEqual([{ name: 'secret', certificate: 'the key', saved: '2026-11-22T10:00:00' }])
  })

  test('changes with what others do', async () => {
    server.model.rename('shop', 'store')
    expect(await client.value("DB_ID('store')")).toBe(5)
    server.model.drop('store')
    expect(await client.value("DB_ID('store')")).toBeNull()
    await server.model.backup('model', 'full')
    expect(await client.rows('SELECT type FROM msdb.dbo.backupset')).toEqual([{ type: 'D' }])
    server.model.purgeHistory()
    expect(await client.rows('SELECT type FROM msdb.dbo.backupset')).toEqual([])
  })

  test('is altered and dropped by statements', async () => {
    await client.run('ALTER DATABASE shop SET RECOVERY BULK_LOGGED WITH NO_WAIT')
    await client.run('ALTER DATABASE shop SET READ_ONLY')
    await client.run('ALTER DATABASE shop SET OFFLINE WITH ROLLBACK IMMEDIATE')
    expect(
      await client.rows("SELECT state_desc, is_read_only, recovery_model_desc FROM sys.databases WHERE name = 'shop'"),
    ).toEqual([{ state_desc: 'OFFLINE', is_read_only: true, recovery_model_desc: 'BULK_LOGGED' }])
    await client.run(
      'ALTER DATABASE shop SET ONLINE; ALTER DATABASE shop SET READ_WRITE; ALTER DATABASE shop SET MULTI_USER',
    )
    await using visitor = await Client.connect(server, { database: 'shop' })
    expect(await client.errors('DROP DATABASE shop')).toEqual([3702])
    await visitor.run('USE master')
    expect(await client.errors('DROP DATABASE shop')).toEqual([])
    expect(await client.errors('DROP DATABASE IF EXISTS shop')).toEqual([])
  })

  test('has files of a size', async () => {
    server.model.createDatabase('large', { padding: 8192 * 1000, files: ['second'] })
    await client.run('USE large')
    const rows = await client.rows(
      "USE large; SELECT name, size, FILEPROPERTY(name, 'SpaceUsed') AS used FROM sys.database_files WHERE type = 0",
    )
    expect(rows).toEqual([
      { name: 'large', size: 2024, used: 1256 },
      { name: 'second', size: 1024, used: 256 },
    ])
  })
})

test("the clock is the server's own: its zone changes, and it moves when it is moved", async () => {
  const clock = new Clock({ now: Date.UTC(2026, 9, 25, 0, 59, 59), utcOffset: 120 })
  await using other = await startSqlServer({ clock })
  await using visitor = await Client.connect(other)
  const now = () => visitor.value('CONVERT(varchar(33), SYSDATETIMEOFFSET(), 126)')
  expect(await now()).toBe('2026-10-25T02:59:59+02:00')
  clock.advance(1000)
  clock.utcOffset = 60
  expect(await now()).toBe('2026-10-25T02:00:00+01:00')
  clock.set(new Date('2026-12-01T00:00:00Z'))
  expect(await visitor.value('CONVERT(varchar(33), GETUTCDATE(), 126)')).toBe('2026-12-01T00:00:00')
})

describe('a login without rights', () => {
  const files = 'SELECT COUNT(*) AS value FROM sys.master_files'
  const others = 'SELECT COUNT(*) AS value FROM sys.dm_exec_sessions WHERE session_id <> @@SPID'

  test('sees its own session, and no files', async () => {
    await as({}, async visitor => {
      expect(await visitor.rows(files)).toEqual([{ value: 0 }])
      expect(await visitor.rows(others)).toEqual([{ value: 0 }])
      expect(await visitor.errors('SELECT * FROM sys.dm_server_services')).toEqual([300, 297])
      expect(await visitor.errors('SELECT * FROM sys.dm_os_volume_stats(1, 1)')).toEqual([300, 297])
      expect(await visitor.errors('SELECT * FROM msdb.dbo.backupset')).toEqual([229])
      expect(await visitor.errors('SELECT * FROM shop.sys.database_files')).toEqual([916])
      expect(await visitor.errors("RESTORE HEADERONLY FROM DISK = 'x'")).toEqual([262, 3013])
      expect(await visitor.errors("RESTORE VERIFYONLY FROM DISK = 'x'")).toEqual([262, 3013])
      expect(await visitor.errors('ALTER DATABASE shop SET ONLINE')).toEqual([5011])
      expect(await visitor.errors('DROP DATABASE shop')).toEqual([3701])
      expect(await visitor.errors("DBCC CHECKDB('shop')")).toEqual([2571])
      expect(await visitor.errors('USE shop')).toEqual([916])
      const rights = `SELECT IS_SRVROLEMEMBER('sysadmin') AS admin, HAS_PERMS_BY_NAME(NULL, NULL, 'CREATE ANY DATABASE') AS [create],
        HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') AS state, HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DEFINITION') AS definition,
        HAS_PERMS_BY_NAME('msdb.dbo.backupset', 'OBJECT', 'SELECT') AS history, HAS_PERMS_BY_NAME('shop', 'DATABASE', 'BACKUP LOG') AS backup_log,
        HAS_PERMS_BY_NAME('nowhere', 'DATABASE', 'BACKUP LOG') AS nothing, HAS_DBACCESS('shop') AS shop, HAS_DBACCESS('msdb') AS msdb`
      expect(await visitor.rows(rights)).toEqual([
        { admin: 0, create: 0, state: 0, definition: 0, history: 0, backup_log: 0, nothing: null, shop: 0, msdb: 1 },
      ])
    })
  })

  test('is one that can back up with the rights of the guide', async () => {
    const rights = {
      permissions: ['CREATE ANY DATABASE', 'VIEW SERVER STATE', 'VIEW ANY DEFINITION'],
      users: { '*': ['db_backupoperator'] },
      msdb: ['dbo.backupset', 'dbo.backupmediafamily'],
    }
    await as(rights, async visitor => {
      expect(await visitor.rows(files)).toEqual([{ value: 10 }])
      expect(await visitor.rows(others)).toEqual([{ value: 1 }])
      server.model.createDatabase('made later')
      const path = directory.in('rights.bak')
      for (const name of ['shop', 'made later', 'master', 'msdb', 'model']) {
        expect(await visitor.errors('BACKUP DATABASE @name TO DISK = @path WITH FORMAT', { name, path })).toEqual([])
      }
      expect(await visitor.errors('RESTORE HEADERONLY FROM DISK = @path', { path })).toEqual([])
      expect(
        await visitor.rows(
          'SELECT COUNT(*) AS value FROM msdb.dbo.backupset s JOIN msdb.dbo.backupmediafamily f ON f.media_set_id = s.media_set_id',
        ),
      ).toEqual([{ value: 5 }])
      expect(
        await visitor.rows("SELECT service_account FROM sys.dm_server_services WHERE servicename LIKE 'SQL Server (%'"),
      ).toEqual([{ service_account: 'mssql' }])
      server.logins.removeUser('visitor', 'shop')
      expect(await visitor.value("HAS_DBACCESS('shop')")).toBe(0)
      expect(await visitor.errors("BACKUP DATABASE shop TO DISK = 'NUL'")).toEqual([916, 3013])
    })
  })

  test("sees the server's state with the smaller right from 2022 on", async () => {
    const rights = { permissions: ['VIEW SERVER PERFORMANCE STATE'] }
    await as(rights, async visitor => expect(await visitor.rows(others)).toEqual([{ value: 1 }]))
    await using old = await startSqlServer({ version: 15 })
    await using admin = await Client.connect(old)
    await using visitor = await Client.connect(old, { login: old.logins.add('visitor', rights) })
    expect(await visitor.rows(others)).toEqual([{ value: 0 }])
    expect(await admin.rows(others)).toEqual([{ value: 1 }])
  })

  test('that owns a database may do what it likes with it', async () => {
    server.model.createDatabase('mine', { owner: 'visitor' })
    const path = directory.in('mine.bak')
    await as({ roles: ['dbcreator'] }, async visitor => {
      expect(await visitor.errors('BACKUP DATABASE mine TO DISK = @path WITH FORMAT', { path })).toEqual([])
      expect(await visitor.errors('RESTORE DATABASE mine FROM DISK = @path WITH REPLACE', { path })).toEqual([])
      expect(
        await visitor.errors(
          `RESTORE DATABASE new FROM DISK = @path WITH MOVE 'mine' TO '${path}.mdf', MOVE 'mine_log' TO '${path}.ldf'`,
          { path },
        ),
      ).toEqual([])
      expect(await visitor.value("HAS_DBACCESS('new')")).toBe(1)
      expect(await visitor.errors('ALTER DATABASE mine SET RECOVERY SIMPLE')).toEqual([])
      expect(await visitor.value("IS_SRVROLEMEMBER('dbcreator')")).toBe(1)
      await visitor.run('USE mine')
      expect(await visitor.rows("USE mine; SELECT IS_MEMBER('db_owner') AS value")).toEqual([{ value: 1 }])
    })
  })
})
