import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import sql from 'mssql'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newAuthority } from '../../network/certificates.ts'
import { Client } from './client.ts'
import { type SqlServer, startSqlServer } from './server.ts'

let server: SqlServer
beforeEach(async () => {
  server = await startSqlServer()
})
afterEach(() => server.close())

describe('a connection', () => {
  test('goes through TLS when the client asks for it, and the certificate is checked', async () => {
    await using client = await Client.connect(server, { encrypt: true })
    expect(await client.value("'through TLS'")).toBe('through TLS')
    // More than one TLS record, and more than one packet, in both directions.
    const long = 'ä'.repeat(200_000)
    const request = client.pool.request().input('long', sql.NVarChar(sql.MAX), long)
    const { recordset } = await request.query('SELECT @long AS long')
    expect(recordset[0].long).toBe(long)
  })

  test('is refused by a client that trusts another authority', async () => {
    await using other = await newAuthority('Another authority')
    const trusts = await readFile(other.file, 'utf8')
    await expect(Client.connect(server, { encrypt: true, trusts })).rejects.toThrow(/certificate/)
  })

  test('is refused by a server without TLS to a client that wants it', async () => {
    await using bare = await startSqlServer({ tls: 'none' })
    await expect(Client.connect(bare, { encrypt: true })).rejects.toThrow(/did not negotiate encryption/)
    await using client = await Client.connect(bare)
    expect(await client.value('1')).toBe(1)
  })

  test('is refused by a server that requires TLS to a client without it', async () => {
    await using strict = await startSqlServer({ tls: 'required' })
    await expect(Client.connect(strict)).rejects.toThrow(/requires encryption/)
  })

  test.each([
    ['a wrong password', { user: 'sa', password: 'guess' }],
    ['a login that is not there', { user: 'nobody', password: 'guess' }],
  ])('is refused for %s with 18456', async (_, login) => {
    await expect(Client.connect(server, { login })).rejects.toThrow(`Login failed for user '${login.user}'.`)
  })

  test.each([false, true])('is made by NTLM, with TLS: %s', async encrypt => {
    server.logins.add('CORP\\backup', { password: 'Übung 1!', sysadmin: true })
    const login = { user: 'Backup', password: 'Übung 1!', domain: 'corp' }
    await using client = await Client.connect(server, { login, encrypt })
    expect(await client.value('SUSER_SNAME()')).toBe('CORP\\backup')
    for (const wrong of [{ password: 'guess' }, { user: 'somebody' }, { domain: 'other' }]) {
      await expect(Client.connect(server, { login: { ...login, ...wrong }, encrypt })).rejects.toThrow(/Login failed/)
    }
  })

  test('is refused for a database that cannot be opened with 4060', async () => {
    await expect(Client.connect(server, { database: 'nowhere' })).rejects.toThrow(/Login failed|Cannot open database/)
  })

  test('has the name of its program, its own number and its database', async () => {
    server.model.createDatabase('shop')
    await using client = await Client.connect(server, { database: 'shop' })
    expect(await client.value('DB_NAME()')).toBe('shop')
    const [row] = await client.rows(
      'SELECT program_name, login_name FROM sys.dm_exec_sessions WHERE session_id = @@SPID',
    )
    expect(row).toEqual({ program_name: 'node-mssql', login_name: 'sa' })
  })

  test('is gone from the list when it is closed', async () => {
    await using watcher = await Client.connect(server)
    const others = 'SELECT session_id FROM sys.dm_exec_sessions WHERE session_id <> @@SPID'
    const client = await Client.connect(server)
    expect(await watcher.rows(others)).toHaveLength(1)
    await client.pool.close()
    await expect.poll(() => watcher.rows(others)).toEqual([])
  })

  test('ends when another connection kills it', async () => {
    await using watcher = await Client.connect(server)
    const client = await Client.connect(server)
    client.pool.on('error', () => undefined)
    const id = await client.value('@@SPID')
    await watcher.run(`KILL ${id}`)
    await expect.poll(() => server.connections).toBe(1)
    expect(await watcher.errors(`KILL ${id}`)).toEqual([6106])
    expect(await watcher.errors(`KILL ${await watcher.value('@@SPID')}`)).toEqual([6104])
    expect(await watcher.errors('KILL 0')).toEqual([6101])
    const plain = server.logins.add('plain')
    await using visitor = await Client.connect(server, { login: plain })
    expect(await visitor.errors('KILL 51')).toEqual([6102])
    await client.pool.close()
  })
})

describe('a statement', () => {
  test('is told to the test as it came, with its parameters', async () => {
    await using client = await Client.connect(server)
    await client.rows('SELECT @name AS name', { name: "O'Neil ] 🦊" })
    expect(server.statements.at(-1)).toMatchObject({
      text: 'SELECT @name AS name',
      parameters: { '@name': "O'Neil ] 🦊" },
      programName: 'node-mssql',
    })
  })

  test('that is prepared runs with each set of values', async () => {
    await using client = await Client.connect(server)
    const prepared = new sql.PreparedStatement(client.pool)
    prepared.input('a', sql.Int)
    prepared.input('b', sql.NVarChar(20))
    await prepared.prepare('SELECT @a + 1 AS a, @b AS b')
    for (const [a, b] of [
      [1, 'one'],
      [2, 'two'],
    ]) {
      const { recordset } = await prepared.execute({ a, b })
      expect(recordset).toEqual([{ a: Number(a) + 1, b }])
    }
    await prepared.unprepare()
  })

  test('fails with its last error, and tells the ones before it', async () => {
    await using client = await Client.connect(server)
    const error: sql.RequestError = await client.run("BACKUP DATABASE nowhere TO DISK = N'NUL'").catch(each => each)
    expect(error).toMatchObject({ number: 3013, message: 'BACKUP DATABASE is terminating abnormally.' })
    expect((error as unknown as { precedingErrors: unknown[] }).precedingErrors).toMatchObject([{ number: 911 }])
  })

  test('of a batch that fails ends the batch, but a BACKUP that fails does not', async () => {
    await using client = await Client.connect(server)
    const values = async (text: string) => {
      const found: unknown[] = []
      const request = client.request()
      request.stream = true
      request.on('row', row => found.push(row.value))
      request.on('error', () => undefined)
      const ended = new Promise(resolve => request.once('done', resolve))
      request.query(text)
      await ended
      return found
    }
    const backup = "BACKUP DATABASE nowhere TO DISK = N'NUL'"
    const error = 'SELECT @@ERROR AS value'
    expect(await values(`SELECT 1 AS value; ${backup}; ${error}; ${error}`)).toEqual([1, 3013, 0])
    expect(await values('SELECT 1 AS value; SELECT nope FROM sys.databases; SELECT 2 AS value')).toEqual([1])
  })

  test.each([
    ['bit', sql.Bit, true],
    ['tinyint', sql.TinyInt, 200],
    ['smallint', sql.SmallInt, -30_000],
    ['int', sql.Int, -2_000_000_000],
    ['bigint', sql.BigInt, '9007199254740993'],
    ['float', sql.Float, 1.5],
    ['real', sql.Real, 0.25],
    ['decimal', sql.Decimal(10, 2), -12.34],
    ['nvarchar', sql.NVarChar(20), 'ü🦊'],
    ['nvarchar(max)', sql.NVarChar(sql.MAX), 'x'.repeat(9000)],
    ['varchar', sql.VarChar(20), 'plain'],
    ['uniqueidentifier', sql.UniqueIdentifier, '6F9619FF-8B86-D011-B42D-00C04FC964FF'],
    ['varbinary', sql.VarBinary(10), Buffer.from([1, 2, 255])],
    ['datetime', sql.DateTime, new Date('2026-11-22T10:15:30.120Z')],
    ['datetime2', sql.DateTime2(7), new Date('2026-11-22T10:15:30.123Z')],
    ['datetimeoffset', sql.DateTimeOffset(7), new Date('2026-11-22T10:15:30.123Z')],
    ['an empty text', sql.NVarChar(20), ''],
    ['NULL', sql.NVarChar(20), null],
    ['NULL of the longest', sql.VarBinary(sql.MAX), null],
    ['NULL of a number', sql.Decimal(25, 0), null],
  ])('carries %s there and back', async (_, type, value) => {
    await using client = await Client.connect(server)
    const request = client.pool.request().input('value', type as sql.ISqlType, value)
    const { recordset } = await request.query('SELECT @value AS value')
    expect(recordset[0].value).toEqual(value)
  })

  test('loses the last digits of an LSN that is not converted to text, as with any server', async () => {
    server.model.createDatabase('shop')
    await server.model.backup('shop', 'full')
    await using client = await Client.connect(server)
    const [row] = await client.rows(
      'SELECT last_lsn AS number, CONVERT(varchar(30), last_lsn) AS text FROM msdb.dbo.backupset',
    )
    expect(String(row!.text)).toMatch(/^\d{17}$/)
    expect(BigInt(row!.number as number)).not.toBe(BigInt(row!.text as string))
  })

  test('that is cancelled is refused with ECANCEL, and its connection goes on', async () => {
    await using client = await Client.connect(server)
    const stall = server.faults.onStatement(/stalls/, { kind: 'stall' })
    const request = client.request()
    const running = request.query("SELECT 'stalls'").catch(error => error)
    await stall.struck
    request.cancel()
    expect(await running).toMatchObject({ code: 'ECANCEL' })
    expect(await client.value('1')).toBe(1)
    expect(server.connections).toBe(1)
  })

  test('cannot be cancelled where the server is deaf: the driver gives up', async () => {
    const client = await Client.connect(server, { cancelTimeout: 200 })
    client.pool.on('error', () => undefined)
    const stall = server.faults.onStatement(/stalls/, { kind: 'stall', deaf: true })
    const request = client.request()
    const running = request.query("SELECT 'stalls'").catch(error => error)
    await stall.struck
    request.cancel()
    expect(await running).toMatchObject({ code: 'ETIMEOUT' })
    await client.pool.close()
  })

  test('breaks with its connection when the server goes away', async () => {
    const client = await Client.connect(server)
    client.pool.on('error', () => undefined)
    server.faults.onStatement(/broken/, { kind: 'kill' })
    await expect(client.run("SELECT 'broken'")).rejects.toThrow(/socket hang up|closed/)
    await client.pool.close()
  })

  test('in a transaction knows of it', async () => {
    await using client = await Client.connect(server)
    const transaction = new sql.Transaction(client.pool)
    await transaction.begin()
    const inside = await new sql.Request(transaction).query('SELECT @@TRANCOUNT AS count')
    expect(inside.recordset[0].count).toBe(1)
    await transaction.rollback()
    expect(await client.value('@@TRANCOUNT')).toBe(0)
  })
})

test('messages come while a statement runs, not after it', async () => {
  server.model.createDatabase('shop', { padding: 4 << 20 })
  await using client = await Client.connect(server)
  const stall = server.faults.onStatement(/BACKUP/, { kind: 'stall' }, { at: 50 })
  const request = client.request()
  const messages: string[] = []
  request.on('info', info => messages.push(info.message))
  const heard = once(request, 'info')
  const running = request.query("BACKUP DATABASE shop TO DISK = N'NUL' WITH FORMAT, STATS = 25")
  await Promise.all([heard, stall.struck])
  await expect.poll(() => messages).toEqual(['25 percent processed.', '50 percent processed.'])
  stall.release()
  await running
  expect(messages.slice(2, 4)).toEqual(['75 percent processed.', '100 percent processed.'])
  expect(messages[4]).toMatch(/^Processed \d+ pages for database 'shop', file 'shop' on file 1\.$/)
  expect(messages[5]).toMatch(/^BACKUP DATABASE successfully processed \d+ pages in /)
})
