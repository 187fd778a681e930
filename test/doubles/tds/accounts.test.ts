import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Client } from './client.ts'
import { type SqlServer, startSqlServer } from './server.ts'

let server: SqlServer
let client: Client

beforeEach(async () => {
  server = await startSqlServer()
  client = await Client.connect(server)
  server.model.createDatabase('shop')
})
afterEach(async () => {
  await client[Symbol.asyncDispose]()
  await server.close()
})

const password = "It's-1 good"
const login = "CREATE LOGIN [new] WITH PASSWORD = N'It''s-1 good'"
const entered = () => Client.connect(server, { login: { user: 'new', password } })

describe('a login', () => {
  test('is made with its password, seen, and dropped', async () => {
    await client.run(login)
    await using one = await entered()
    expect(await one.value('SUSER_SNAME()')).toBe('new')
    const seen = await client.rows("SELECT name FROM sys.server_principals WHERE name = 'new'")
    expect(seen).toEqual([{ name: 'new' }])
    expect(await client.errors(login)).toEqual([15025])
    await client.run('DROP LOGIN [new]')
    expect(await client.errors('DROP LOGIN [new]')).toEqual([15151])
    await expect(entered()).rejects.toMatchObject({ code: 'ELOGIN' })
  })

  test.each(['short-1', 'alllowercase', 'lower2digits'])('is not made with the password %s', async weak => {
    expect(await client.errors(`CREATE LOGIN n WITH PASSWORD = '${weak}'`)).toEqual([15118])
  })

  test('is not made, dropped or given rights by somebody who may not', async () => {
    const weak = server.logins.add('weak')
    await using other = await Client.connect(server, { login: weak })
    expect(await other.errors(login)).toEqual([15247])
    expect(await other.errors('DROP LOGIN sa')).toEqual([15151])
    expect(await other.errors('GRANT VIEW SERVER STATE TO weak')).toEqual([4613])
    expect(await other.rows('SELECT name FROM sys.server_principals')).toEqual([{ name: 'weak' }])
  })

  test('has the rights on the server that it was given, in master alone', async () => {
    await client.run(login)
    await client.run('GRANT VIEW SERVER STATE, VIEW ANY DEFINITION TO [new]')
    await using one = await entered()
    expect(await one.value("HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DEFINITION')")).toBe(1)
    expect(await one.value("HAS_PERMS_BY_NAME(NULL, NULL, 'ALTER ANY LOGIN')")).toBe(0)
    expect(await client.errors('USE shop; GRANT VIEW SERVER STATE TO [new]')).toEqual([4621])
    expect(await client.errors('USE master; GRANT VIEW SERVER STATE TO [nobody]')).toEqual([15151])
  })
})

describe('a user', () => {
  test('enters its database, and backs it up as a member of the role', async () => {
    await client.run(login)
    await client.run('USE shop; CREATE USER [new] FOR LOGIN [new]')
    await using one = await entered()
    expect(await one.value("HAS_DBACCESS('shop')")).toBe(1)
    const backUp = "BACKUP DATABASE shop TO DISK = 'NUL' WITH FORMAT"
    expect(await one.errors(backUp)).toEqual([262, 3013])
    await client.run('USE shop; ALTER ROLE db_backupoperator ADD MEMBER [new]')
    expect(await one.errors(backUp)).toEqual([])
    await client.run('USE shop; DROP USER [new]')
    expect(await one.value("HAS_DBACCESS('shop')")).toBe(0)
  })

  test('reads what it was given of msdb', async () => {
    await client.run(login)
    await client.run('USE msdb; CREATE USER [new] FOR LOGIN [new]; GRANT SELECT ON dbo.backupset TO [new]')
    await using one = await entered()
    expect(await one.errors('SELECT name FROM msdb.dbo.backupset')).toEqual([])
    expect(await one.errors('SELECT logical_name FROM msdb.dbo.backupfile')).toEqual([229])
  })

  test('is refused where it is there already, its login is not, or it is not', async () => {
    await client.run(login)
    await client.run('USE shop; CREATE USER [new] FOR LOGIN [new]')
    expect(await client.errors('USE shop; CREATE USER [new] FOR LOGIN [new]')).toEqual([15023])
    expect(await client.errors('USE shop; CREATE USER x FOR LOGIN nobody')).toEqual([15007])
    expect(await client.errors('USE shop; ALTER ROLE db_owner ADD MEMBER nobody')).toEqual([15151])
    expect(await client.errors('USE shop; DROP USER nobody')).toEqual([15151])
    expect(await client.errors('USE shop; GRANT SELECT ON dbo.t TO nobody')).toEqual([15151])
  })

  test('is not made or changed by somebody who does not own the database', async () => {
    const weak = server.logins.add('weak', { users: { shop: [] } })
    await using other = await Client.connect(server, { login: weak })
    expect(await other.errors('USE shop; CREATE USER x FOR LOGIN sa')).toEqual([15247])
    expect(await other.errors('USE shop; ALTER ROLE db_owner ADD MEMBER weak')).toEqual([15151])
    expect(await other.errors('USE shop; DROP USER weak')).toEqual([15151])
    expect(await other.errors('USE shop; GRANT SELECT ON dbo.t TO weak')).toEqual([15151])
  })
})
