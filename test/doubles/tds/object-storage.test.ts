import { writeFile } from 'node:fs/promises'
import { type AddressInfo, connect } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startS3 } from '../../../infra/local/s3/server.ts'
import { temporaryDirectory } from '../../uploader/directory.ts'
import { serverCertificate } from './certificate.ts'
import { Client } from './client.ts'
import { type SqlServer, startSqlServer } from './server.ts'

const megabyte = 1024 * 1024
const key = { id: 'Key1', secret: 'Secret1' }

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let storage: Awaited<ReturnType<typeof startStorage>>
let server: SqlServer
let client: Client

/** The S3 of the embedded cloud behind TLS, which knows one key. */
async function startStorage(path: string) {
  const { key: privateKey, cert } = await serverCertificate()
  const s3 = await startS3({
    directory: path,
    durable: false,
    access: {
      credential: id => (id === key.id ? { secretAccessKey: key.secret, principal: 'p' } : undefined),
      authorize: () => ({ allowed: true }),
    },
  })
  s3.createBucket('backups', { objectLock: false })
  const tls = createTlsServer({ key: privateKey, cert }, socket => {
    const onward = connect(s3.port, '127.0.0.1')
    socket.pipe(onward).pipe(socket)
    socket.on('error', () => onward.destroy())
    onward.on('error', () => socket.destroy())
  })
  await new Promise<void>(resolve => tls.listen(0, '127.0.0.1', resolve))
  const { port } = tls.address() as AddressInfo
  const reader = new S3Client({
    endpoint: s3.url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: key.id, secretAccessKey: key.secret },
  })
  return {
    url: `s3://127.0.0.1:${port}/backups`,
    port,
    async read(object: string): Promise<Uint8Array> {
      const { Body } = await reader.send(new GetObjectCommand({ Bucket: 'backups', Key: object }))
      return Body!.transformToByteArray()
    },
    async close() {
      reader.destroy()
      await s3.close()
      await new Promise(resolve => tls.close(resolve))
    },
  }
}

beforeAll(async () => {
  directory = await temporaryDirectory()
  storage = await startStorage(directory.in('s3'))
})
afterAll(async () => {
  await storage.close()
  await directory[Symbol.asyncDispose]()
})

/** Its authority is that of the storage too. */
async function start(options: Parameters<typeof startSqlServer>[0] = {}): Promise<SqlServer> {
  const { authority } = await serverCertificate()
  const started = await startSqlServer({ ...options, storage: { authorities: [authority], ...options.storage } })
  started.model.createDatabase('shop', { padding: 12 * megabyte })
  started.model.write('shop', { apples: '3' })
  return started
}

beforeEach(async () => {
  server = await start()
  client = await Client.connect(server)
})
afterEach(async () => {
  await client[Symbol.asyncDispose]()
  await server.close()
})

const create = (name: string, secret = `${key.id}:${key.secret}`, identity = 'S3 Access Key') =>
  client.run(`CREATE CREDENTIAL [${name}] WITH IDENTITY = '${identity}', SECRET = '${secret}'`)
const backUp = (url: string, options = 'FORMAT') =>
  client.errors(`BACKUP DATABASE shop TO URL = @url WITH ${options}`, { url })

/** What was written can be restored from disks. */
async function restores(...objects: string[]): Promise<Record<string, string>> {
  const paths = objects.map(object => directory.in(object.replaceAll('/', '-')))
  for (const [i, object] of objects.entries()) await writeFile(paths[i]!, await storage.read(object))
  const disks = paths.map(path => `DISK = '${path}'`).join(', ')
  await client.run(
    `RESTORE DATABASE again FROM ${disks} WITH MOVE 'shop' TO '${directory.in('a.mdf')}', MOVE 'shop_log' TO '${directory.in('a.ldf')}'`,
  )
  return server.model.content('again')
}

describe('BACKUP … TO URL', () => {
  test('sends what BACKUP … TO DISK writes, in parts', async () => {
    await create(storage.url)
    expect(await backUp(`${storage.url}/folder/whole.bak`, 'FORMAT, CHECKSUM, MAXTRANSFERSIZE = 5242880')).toEqual([])
    expect(await restores('folder/whole.bak')).toEqual({ apples: '3' })
    expect(await client.value('(SELECT COUNT(*) FROM msdb.dbo.backupfile)')).toBe(2)
  })

  test('of several URLs deals it out to all of them, and RESTORE wants them all, in any order', async () => {
    await create(storage.url)
    const urls = [1, 2, 3].map(n => `URL = '${storage.url}/stripe${n}'`)
    await client.run(`BACKUP DATABASE shop TO ${urls.join(', ')} WITH FORMAT`)
    expect(await restores('stripe3', 'stripe1', 'stripe2')).toEqual({ apples: '3' })
    const disk = (n: number) => `DISK = '${directory.in(`stripe${n}`)}'`
    const list = (...disks: string[]) => client.errors(`RESTORE FILELISTONLY FROM ${disks.join(', ')}`)
    expect(await list(disk(1), disk(2))).toEqual([3132, 3013])
    await server.model.backup('shop', 'full', { to: directory.in('whole') })
    expect(await list(`DISK = '${directory.in('whole')}'`, disk(1))).toEqual([3231, 3013])
    expect(await list(disk(1), disk(2), `DISK = '${directory.in('whole')}'`)).toEqual([3231, 3013])
  })

  test('may send parts before those that they follow', async () => {
    await using swapping = await start({ storage: { order: 'swapped' } })
    await using other = await Client.connect(swapping)
    await other.run(
      `CREATE CREDENTIAL [${storage.url}] WITH IDENTITY = 'S3 Access Key', SECRET = '${key.id}:${key.secret}'`,
    )
    await other.run(`BACKUP DATABASE shop TO URL = '${storage.url}/swapped' WITH FORMAT, MAXTRANSFERSIZE = 5242880`)
    expect(await restores('swapped')).toEqual({ apples: '3' })
  })

  test('takes the credential of the longest name that the URL is below of', async () => {
    await create(storage.url, 'Nobody:Knows')
    expect(await backUp(`${storage.url}/in/a`)).toEqual([3201, 3013])
    await create(`${storage.url}/in`)
    expect(await backUp(`${storage.url}/in/a`)).toEqual([])
    expect(await backUp(`${storage.url}/inside/a`)).toEqual([3201, 3013])
  })

  test.each([
    ['no credential', () => Promise.resolve(), '50\\('],
    ['one of another kind', () => create(storage.url, 'a:b', 'SHARED ACCESS SIGNATURE'), '50\\('],
    ['one with a wrong secret', () => create(storage.url, `${key.id}:wrong`), '5\\(Access is denied'],
  ])('is refused with %s', async (_, make, words) => {
    await make()
    await expect(client.run(`BACKUP DATABASE shop TO URL = '${storage.url}/x' WITH FORMAT`)).rejects.toMatchObject({
      precedingErrors: [{ number: 3201, message: expect.stringMatching(`Operating system error ${words}`) }],
    })
    expect(server.model.database('shop').differentialBase).toBeNull()
  })

  test('is refused where there is no such bucket, nobody answers, or the certificate is not trusted', async () => {
    const cause = async (sql: SqlServer, url: string) => {
      await using one = await Client.connect(sql)
      await one.run(`CREATE CREDENTIAL [${url}] WITH IDENTITY = 'S3 Access Key', SECRET = '${key.id}:${key.secret}'`)
      const failed = one.run(`BACKUP DATABASE shop TO URL = '${url}/x' WITH FORMAT`)
      return await failed.catch(error => /error (\d+)/.exec(error.precedingErrors[0].message)?.[1])
    }
    expect(await cause(server, `s3://127.0.0.1:${storage.port}/nowhere`)).toBe('50')
    expect(await cause(server, 's3://127.0.0.1:1/backups')).toBe('12029')
    await using strange = await startSqlServer()
    strange.model.createDatabase('shop')
    expect(await cause(strange, storage.url)).toBe('12175')
  })

  test('is refused for what is no URL of S3, in an edition or a release without it, and with INIT', async () => {
    await create(storage.url)
    expect(await backUp('s3:/one-slash/bucket/x')).toEqual([3078, 3013])
    expect(await backUp(`${storage.url}/x`, 'INIT')).toEqual([3031, 3013])
    for (const [options, number] of [
      [{ edition: 'express' }, 1844],
      [{ version: 15 }, 3078],
    ] as const) {
      await using other = await start(options)
      await using one = await Client.connect(other)
      expect(await one.errors(`BACKUP DATABASE shop TO URL = '${storage.url}/x' WITH FORMAT`)).toEqual([number, 3013])
    }
  })

  test('that fails on its way changes nothing in the database', async () => {
    await create(storage.url)
    const trap = server.faults.onStatement(/^BACKUP/, { kind: 'stall' }, { at: 20 })
    const request = client.request()
    const failed = request.query(`BACKUP DATABASE shop TO URL = '${storage.url}/half' WITH FORMAT`)
    await trap.struck
    request.cancel()
    await expect(failed).rejects.toMatchObject({ code: 'ECANCEL' })
    expect(server.model.database('shop').differentialBase).toBeNull()
    await expect(storage.read('half')).rejects.toThrow()
  })
})

describe('credentials', () => {
  test('are made, seen and dropped by those who may', async () => {
    await create('s3://a/b')
    expect(await client.errors("CREATE CREDENTIAL [s3://a/b] WITH IDENTITY = 'x', SECRET = 'y'")).toEqual([15335])
    const names = async (one: Client) =>
      (await one.rows("SELECT name FROM sys.credentials WHERE name LIKE 's3://%'")).map(({ name }) => name)
    expect(await names(client)).toEqual(['s3://a/b'])
    const weak = server.logins.add('weak')
    await using other = await Client.connect(server, { login: weak })
    expect(await names(other)).toEqual([])
    expect(await other.errors("CREATE CREDENTIAL c WITH IDENTITY = 'x', SECRET = 'y'")).toEqual([15247])
    expect(await other.errors('DROP CREDENTIAL [s3://a/b]')).toEqual([15151])
    await client.run('DROP CREDENTIAL [s3://a/b]')
    expect(await client.errors('DROP CREDENTIAL [s3://a/b]')).toEqual([15151])
    const strong = server.logins.add('strong', { permissions: ['ALTER ANY CREDENTIAL'] })
    await using third = await Client.connect(server, { login: strong })
    await third.run("CREATE CREDENTIAL [s3://c] WITH IDENTITY = 'x', SECRET = 'y'")
    expect(await names(third)).toEqual(['s3://c'])
  })
})
