import { mkdir, readFile, stat } from 'node:fs/promises'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../uploader/directory.ts'
import { Client } from './client.ts'
import { message } from './model/messages.ts'
import { type SqlServer, startSqlServer } from './server.ts'

let server: SqlServer
let client: Client
let directory: Awaited<ReturnType<typeof temporaryDirectory>>

beforeEach(async () => {
  directory = await temporaryDirectory()
  server = await startSqlServer({ mounts: [{ server: '/share/', local: `${directory.path}/` }] })
  server.model.createDatabase('shop', { padding: 4 << 20 })
  client = await Client.connect(server)
  client.pool.on('error', () => undefined)
})
afterEach(async () => {
  await client[Symbol.asyncDispose]()
  await server.close()
  await directory[Symbol.asyncDispose]()
})

const backup = (path: string, ...options: string[]) =>
  client.errors(`BACKUP DATABASE shop TO DISK = @path WITH ${['FORMAT', ...options]}`, { path })

/** Watches with a connection of its own. */
async function running(): Promise<Record<string, unknown>[]> {
  await using watcher = await Client.connect(server)
  return await watcher.rows(`
    SELECT command, percent_complete, wait_type, last_wait_type, DB_NAME(database_id) AS name FROM sys.dm_exec_requests
    WHERE command LIKE 'BACKUP%' OR command LIKE 'RESTORE%'`)
}

/** Stands between a client and the server, and lets the client die without a word. */
async function startRelay(to: number): Promise<{ port: number; breakOff(): void }> {
  const relayed = new Set<Socket>()
  const relay = createServer(socket => {
    const other = createConnection(to, '127.0.0.1')
    for (const each of [socket, other]) relayed.add(each.on('error', () => undefined))
    socket.pipe(other).pipe(socket)
  })
  await new Promise<void>(resolve => relay.listen(0, '127.0.0.1', resolve))
  return {
    port: (relay.address() as AddressInfo).port,
    breakOff: () => {
      relay.close()
      for (const socket of relayed) socket.destroy()
    },
  }
}

describe('a fault', () => {
  test('strikes the statements it is laid for, as often as it is told to', async () => {
    const trap = server.faults.onStatement(/shop/, { kind: 'error', messages: [message(945, 'shop')] }, { times: 2 })
    expect(await client.errors("SELECT 'shop'")).toEqual([945])
    expect(await client.errors("SELECT 'other'")).toEqual([])
    expect(await client.errors("SELECT 'shop'")).toEqual([945])
    expect(await client.errors("SELECT 'shop'")).toEqual([])
    expect(trap.hits).toBe(2)
  })

  test('chooses by the parameters too', async () => {
    server.faults.onStatement(({ parameters }) => parameters['@name'] === 'b', {
      kind: 'error',
      messages: [message(3013, 'BACKUP DATABASE')],
    })
    expect(await client.errors('SELECT @name', { name: 'a' })).toEqual([])
    expect(await client.errors('SELECT @name', { name: 'b' })).toEqual([3013])
  })

  test('breaks the connection in the middle of a backup, and a part of the file is left', async () => {
    server.faults.onStatement(/BACKUP/, { kind: 'kill' }, { at: 50 })
    const path = directory.in('half.bak')
    await expect(client.run('BACKUP DATABASE shop TO DISK = @path WITH FORMAT', { path })).rejects.toThrow(
      /hang up|closed/,
    )
    const { size } = await stat(path)
    expect(size).toBeGreaterThan(2 << 20)
    expect(size).toBeLessThan(4 << 20)
    await using again = await Client.connect(server)
    expect(await again.rows('SELECT backup_set_id FROM msdb.dbo.backupset')).toEqual([])
    await expect.poll(() => again.errors('BACKUP DATABASE shop TO DISK = @path WITH FORMAT', { path })).toEqual([])
  })

  test('stalls a backup, which another connection sees, until it is let go', async () => {
    const stall = server.faults.onStatement(/BACKUP/, { kind: 'stall', waitType: 'BACKUPTHREAD' }, { at: 25 })
    const result = backup(directory.in('slow.bak'))
    await stall.struck
    expect(await running()).toEqual([
      {
        command: 'BACKUP DATABASE',
        percent_complete: 25,
        wait_type: 'BACKUPTHREAD',
        last_wait_type: 'BACKUPTHREAD',
        name: 'shop',
      },
    ])
    stall.release()
    expect(await result).toEqual([])
    expect(await running()).toEqual([])
  })

  test('lets a backup be cancelled, which leaves no set in the history', async () => {
    const stall = server.faults.onStatement(/BACKUP/, { kind: 'stall' }, { at: 50 })
    const request = client.request({ path: directory.in('cancelled.bak') })
    const result = request.query('BACKUP DATABASE shop TO DISK = @path WITH FORMAT').catch(error => error)
    await stall.struck
    request.cancel()
    expect(await result).toMatchObject({ code: 'ECANCEL' })
    expect(await client.rows('SELECT backup_set_id FROM msdb.dbo.backupset')).toEqual([])
    expect(await backup(directory.in('next.bak'))).toEqual([])
  })

  test.each(['released', 'killed'])('leaves a session behind whose client has gone, until it is %s', async how => {
    const stall = server.faults.onStatement(/BACKUP/, { kind: 'stall', lingers: true }, { at: 50 })
    const relay = await startRelay(server.port)
    const dying = await Client.connect({ ...server, port: relay.port })
    dying.pool.on('error', () => undefined)
    const path = directory.in('left.bak')
    const result = dying.errors('BACKUP DATABASE shop TO DISK = @path WITH FORMAT', { path })
    await stall.struck
    const [id] = await client.rows("SELECT session_id FROM sys.dm_exec_requests WHERE command = 'BACKUP DATABASE'")
    relay.breakOff()
    await result
    expect(await running()).toHaveLength(1)
    expect(await backup(directory.in('busy.bak'))).toEqual([3023, 3013])
    if (how === 'killed') await client.run(`KILL ${id!.session_id}`)
    else stall.release()
    await expect.poll(running).toEqual([])
    await expect.poll(() => backup(directory.in('busy.bak'))).toEqual([])
    expect(await client.rows('SELECT backup_set_id FROM msdb.dbo.backupset')).toHaveLength(1)
    await dying.pool.close()
  })

  test('fills the disk', async () => {
    server.faults.onStatement(/BACKUP/, { kind: 'device', code: 'ENOSPC' }, { at: 50 })
    const path = directory.in('full.bak')
    const error = await client.run('BACKUP DATABASE shop TO DISK = @path WITH FORMAT', { path }).catch(each => each)
    expect(error.precedingErrors[0]).toMatchObject({
      number: 3202,
      message: `Write on "${path}" failed: 28(No space left on device)`,
    })
    await using windows = await startSqlServer({ platform: 'windows' })
    windows.model.createDatabase('shop', { padding: 1 << 20 })
    windows.faults.onStatement(/BACKUP/, { kind: 'device', code: 'ENOSPC' }, { at: 50 })
    await using visitor = await Client.connect(windows)
    const its = await visitor.run('BACKUP DATABASE shop TO DISK = @path WITH FORMAT', { path }).catch(each => each)
    expect(its.precedingErrors[0].message).toContain('112(There is not enough space on the disk.)')
  })

  test('denies the server its file, for writing and for reading', async () => {
    const path = directory.in('denied.bak')
    server.faults.onStatement(/BACKUP/, { kind: 'device', code: 'EACCES' })
    const error = await client.run('BACKUP DATABASE shop TO DISK = @path WITH FORMAT', { path }).catch(each => each)
    expect(error.precedingErrors[0]).toMatchObject({
      number: 3201,
      message: `Cannot open backup device '${path}'. Operating system error 5(Access is denied.).`,
    })
    expect(await backup(path)).toEqual([])
    server.faults.onStatement(/HEADERONLY|RESTORE DATABASE/, { kind: 'device', code: 'EACCES' }, { times: 2 })
    expect(await client.errors('RESTORE HEADERONLY FROM DISK = @path', { path })).toEqual([3201, 3013])
    expect(await client.errors('RESTORE DATABASE copy FROM DISK = @path', { path })).toEqual([3201, 3013])
  })

  test.each([
    ['dropped', () => server.model.drop('shop'), [911, 3013]],
    ['taken offline', () => server.model.setState('shop', 'OFFLINE'), [942, 3013]],
  ] as const)('lets the database be %s while it is backed up', async (_, act, errors) => {
    server.faults.onStatement(/BACKUP/, { kind: 'meanwhile', act }, { at: 50 })
    expect(await backup(directory.in('gone.bak'))).toEqual(errors)
    expect(await client.rows('SELECT backup_set_id FROM msdb.dbo.backupset')).toEqual([])
  })

  test('lets others write while a backup runs: what they write is in it', async () => {
    server.faults.onStatement(
      /BACKUP/,
      { kind: 'meanwhile', act: () => void server.model.write('shop', { late: '1' }) },
      { at: 50 },
    )
    const path = directory.in('busy.bak')
    expect(await backup(path)).toEqual([])
    await server.model.run(
      `RESTORE DATABASE copy FROM DISK = '${path}' WITH MOVE 'shop' TO '${path}.mdf', MOVE 'shop_log' TO '${path}.ldf'`,
    )
    expect(server.model.content('copy')).toEqual({ late: '1' })
  })
})

describe('a backup file', () => {
  test.each([
    ['in a directory that is not there', '/share/nowhere/x.bak', '3(The system cannot find the path specified.)'],
    ['that is a directory', '/share/sub', '5(Access is denied.)'],
  ])('%s cannot be written', async (_, path, text) => {
    await mkdir(directory.in('sub'))
    const error = await client.run('BACKUP DATABASE shop TO DISK = @path WITH FORMAT', { path }).catch(each => each)
    expect(error.precedingErrors[0].message).toBe(
      `Cannot open backup device '${path}'. Operating system error ${text}.`,
    )
  })

  test('that is not there cannot be read', async () => {
    const error = await client.run("RESTORE HEADERONLY FROM DISK = '/share/none.bak'").catch(each => each)
    expect(error.precedingErrors[0].message).toContain('2(The system cannot find the file specified.)')
  })

  test('is where the server has its share, and has a name', async () => {
    expect(await backup('/share/on the share.bak')).toEqual([])
    expect((await readFile(directory.in('on the share.bak'))).toString('latin1', 0, 4)).toBe('TAPE')
    expect(await backup('')).toEqual([3044, 3013])
    expect(await backup(`/share/${'x'.repeat(300)}`)).toEqual([3057, 3013])
    expect(await backup('relative.bak')).toEqual([3201, 3013])
  })
})

test('a page with a wrong checksum fails a backup that looks at checksums, and no other', async () => {
  server.model.damage('shop')
  expect(await backup(directory.in('a.bak'), 'CHECKSUM')).toEqual([3043, 3013])
  expect(await backup(directory.in('b.bak'))).toEqual([])
  expect(await client.errors("DBCC CHECKDB('shop')")).toEqual([8939])
})
