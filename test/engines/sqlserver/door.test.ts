import { chmod, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { doorCertificate } from '../../../uploader/engines/sqlserver/door/certificate.ts'
import { Door } from '../../../uploader/engines/sqlserver/door/door.ts'
import { Spool } from '../../../uploader/engines/sqlserver/door/spool.ts'
import { sqlserver } from '../../../uploader/engines/sqlserver/engine.ts'
import { serverCertificate } from '../../doubles/tds/certificate.ts'
import { type SqlServer, type SqlServerOptions, startSqlServer } from '../../doubles/tds/server.ts'
import { newAuthority } from '../../network/certificates.ts'
import { times } from '../../support/counts.ts'
import { failureOf } from '../mysql/harness.ts'
import { BackupChain } from './chain.ts'
import { trustedDoor } from './trusted-door.ts'

const signal = new AbortController().signal
const partSize = 256 * 1024
/** Several parts. */
const padding = 3 * 1024 * 1024

let server: SqlServer
let trusted: Awaited<ReturnType<typeof trustedDoor>>
let files: (typeof trusted)['directory']
let door: (typeof trusted)['settings']

/** A server that trusts the door. */
async function trusting(options: SqlServerOptions = {}): Promise<SqlServer> {
  const { authority } = await serverCertificate()
  return startSqlServer({ ...options, storage: { authorities: [authority], partSize, ...options.storage } })
}

beforeEach(async () => {
  trusted = await trustedDoor()
  files = trusted.directory
  door = trusted.settings
  server = await trusting()
  for (const name of ['one', 'two']) {
    server.model.createDatabase(name, { padding })
    server.model.write(name, { a: '1' })
  }
})
afterEach(async () => {
  await server.close()
  await trusted[Symbol.asyncDispose]()
})

const chainOf = (more: Parameters<typeof BackupChain.of>[1] = {}, ...rest: [Parameters<typeof BackupChain.of>[2]?]) =>
  BackupChain.of(server, { door, ...more }, ...rest)
const credentials = () => server.model.credentials
const latest = { kind: 'latest' } as const
/** A BACKUP of this database. */
const of = (name: string) => (statement: { text: string; parameters: Record<string, unknown> }) =>
  statement.text.startsWith('BACKUP') && Object.values(statement.parameters).includes(name)

describe('through the door', () => {
  it('full, differential and logs are taken and restored, and nothing is written to a disk but by the restore', async () => {
    await using chain = await chainOf()
    const full = await chain.take('full')
    expect(full.warnings).toEqual([])
    expect(full.files.map(({ unit }) => unit).sort()).toEqual(['master', 'model', 'msdb', 'one', 'server', 'two'])
    server.model.write('one', { b: '2' })
    expect((await chain.take('differential')).plan.kind).toBe('differential')
    const moment = server.model.write('one', { c: '3' })
    server.clock.advance(10_000)
    server.model.write('one', { d: '4' })
    const log = await chain.take('log')
    expect([log.plan.kind, log.warnings]).toEqual(['log', []])
    expect(await chain.exchange()).toEqual([])
    expect(await chain.scratch()).toEqual([])
    expect(credentials()).toEqual([])
    const sent = server.statements.map(({ text }) => text).filter(text => /^(BACKUP|RESTORE)/.test(text))
    for (const text of sent) expect(text).toMatch(/^BACKUP (DATABASE|LOG) @db TO URL = @url1\n/)

    await chain.restore(server, latest, { units: ['one', 'two'], query: 'suffix=_latest' })
    expect(server.model.content('one_latest')).toEqual({ a: '1', b: '2', c: '3', d: '4' })
    const at = new Date(moment.utc).toISOString()
    await chain.restore(server, { kind: 'at', at }, { units: ['one'], query: 'suffix=_then' })
    expect(server.model.content('one_then')).toEqual(server.model.content('one', moment.lsn))
  })

  it('parts come that were sent out of order, striped over several URLs', async () => {
    await using other = await trusting({ storage: { order: 'swapped' } })
    other.model.createDatabase('wide', { padding })
    other.model.write('wide', { a: '1' })
    await using chain = await BackupChain.of(other, { door: { ...door, stripes: 2 } })
    const full = await chain.take('full')
    const wide = full.files.filter(({ unit }) => unit === 'wide')
    expect(wide.map(({ attributes }) => attributes.stripe).sort()).toEqual(['1/2', '2/2'])
    expect(full.warnings).toEqual([])
    expect(await chain.scratch()).toEqual([])
    const { files: scripts, runbook } = await chain.restore(other, latest, { units: ['wide'], query: 'suffix=_r' })
    expect(other.model.content('wide_r')).toEqual({ a: '1' })
    expect(scripts![0]!.content).toMatch(
      /RESTORE DATABASE \[wide\] FROM DISK = N'[^']*_1\.bak', DISK = N'[^']*_2\.bak'/,
    )
    expect(runbook).toContain('`wide`')
  })

  it('a chain that was begun on a disk goes on, and the other way round', async () => {
    await using chain = await chainOf()
    await chain.take('full')
    server.model.write('two', { b: '2' })
    chain.settings.door = undefined
    chain.settings.directory = chain.exchangeDirectory
    expect((await chain.take('differential')).warnings).toEqual([])
    server.model.write('two', { c: '3' })
    chain.settings.directory = undefined
    chain.settings.door = door
    expect((await chain.take('log')).plan.kind).toBe('log')
    await chain.restore(server, latest, { units: ['two'], query: 'suffix=_r' })
    expect(server.model.content('two_r')).toEqual({ a: '1', b: '2', c: '3' })
  })

  it('no more streams are under way than are read', async () => {
    await using chain = await chainOf({ door: { ...door, stripes: 4 }, parallel: 8 }, { concurrency: 2 })
    const taken = await chain.take('full')
    const one = taken.files.filter(({ unit }) => unit === 'one')
    expect(one.map(({ attributes }) => attributes.stripe).sort()).toEqual(['1/2', '2/2'])
    expect(taken.warnings).toEqual([])
  })

  it('a server waits as long as nobody reads, and is not taken for stuck', async () => {
    await using chain = await chainOf({ parallel: 1 })
    const taken = await chain.take('full', {
      options: { patience: { stall: 1000, poll: 20 } },
      onChunk: async ({ unit }, chunk) => {
        // Longer than the server's patience, at the first part of the database.
        if (unit === 'one' && chunk.length === partSize) await slow()
      },
    })
    expect(taken.warnings).toEqual([])
  })

  it('many small databases', async () => {
    for (let n = 0; n < times(200); n++) server.model.createDatabase(`small ${n}`)
    await using chain = await chainOf()
    const taken = await chain.take('full')
    expect(taken.warnings).toEqual([])
    expect(taken.committed.units.length).toBe(times(200) + 5)
  })
})

let waited = false
const slow = async () => {
  if (waited) return
  waited = true
  await new Promise(resolve => setTimeout(resolve, 2500))
}

describe('one database fails on its way, and the others are backed up', () => {
  it('dropped while it is sent: what came of it says that it is of no use', async () => {
    server.faults.onStatement(of('two'), { kind: 'meanwhile', act: () => server.model.drop('two') }, { at: 50 })
    await using chain = await chainOf()
    const taken = await chain.take('full')
    expect(taken.warnings.join()).toContain('two was not backed up')
    expect(taken.results.two).toMatchObject({ result: 'failed' })
    const [rest] = taken.files.filter(({ unit }) => unit === 'two')
    expect(rest!.attributes).toEqual({ incomplete: 'true' })
    const report = await sqlserver.restore(chain.inputOf(latest), {
      signal,
      concurrency: 1,
      warn: () => {},
      progress: () => {},
      now: () => new Date(),
    })
    expect(report.runbook).toMatch(/_two_|`[^`]*two_[^`]*`: of no use/)
    expect(report.files![0]!.content).not.toContain('[two]')
  })

  it('denied before anything is sent: nothing of it is in the snapshot', async () => {
    server.faults.onStatement(of('two'), {
      kind: 'error',
      messages: [{ number: 262, state: 1, severity: 14, text: 'BACKUP DATABASE permission denied.' }],
    })
    await using chain = await chainOf()
    const taken = await chain.take('full')
    expect(taken.files.filter(({ unit }) => unit === 'two')).toEqual([])
    expect(taken.warnings.join()).toContain('database-denied: two')
  })

  it('a history that is purged before it is read', async () => {
    server.faults.onStatement(/^SELECT TOP \(1\)/, { kind: 'meanwhile', act: () => server.model.purgeHistory() })
    await using chain = await chainOf({ parallel: 1 })
    expect((await chain.take('full')).warnings.join()).toContain('database-no-history')
  })

  it('somebody takes a full while our differential is sent: it is dropped, and a full taken at once', async () => {
    await using chain = await chainOf()
    await chain.take('full')
    server.model.write('two', { b: '2' })
    const act = () => server.model.backup('two', 'full').then(() => {})
    server.faults.onStatement(each => each.text.includes('DIFFERENTIAL') && of('two')(each), { kind: 'meanwhile', act })
    const taken = await chain.take('differential')
    expect(taken.results.two).toMatchObject({ result: 'backed-up', kind: 'full' })
    expect(taken.files.filter(({ attributes }) => attributes.incomplete === 'true')).toHaveLength(1)
    await chain.restore(server, latest, { units: ['two'], query: 'suffix=_r' })
    expect(server.model.content('two_r')).toEqual({ a: '1', b: '2' })
  })

  it('a connection that is reset at half of its BACKUP: it is taken once more', async () => {
    server.faults.onStatement(of('two'), { kind: 'kill' }, { at: 50 })
    await using chain = await chainOf()
    const taken = await chain.take('full')
    expect(taken.warnings).toEqual([])
    expect(taken.files.filter(({ unit }) => unit === 'two')).toHaveLength(2)
    await chain.restore(server, latest, { units: ['two'], query: 'suffix=_r' })
    expect(server.model.content('two_r')).toEqual({ a: '1' })
  })

  it('nothing moves in its BACKUP any more, though we read: it is stopped', async () => {
    server.faults.onStatement(of('two'), { kind: 'stall' }, { at: 50 })
    await using chain = await chainOf()
    const taken = await chain.take('full', { options: { patience: { stall: 200, poll: 20 } } })
    expect(taken.warnings.join()).toContain('database-stalled: two')
  })
})

describe('the run fails, and says what to do', () => {
  it('where the server does not trust the certificate', async () => {
    await using strange = await startSqlServer()
    strange.model.createDatabase('one')
    await using chain = await BackupChain.of(strange, { door })
    expect(await failureOf(chain.take('full'))).toMatch(/sqlserver-door-untrusted: .*12175.*ca-certificates/)
    expect(strange.model.credentials).toEqual([])
  })

  it('where the certificate is for another name, before anything is asked of the server', async () => {
    await using authority = await newAuthority('another')
    const { cert, key } = await authority.issue(['DNS:localhost'])
    await writeFile(door.certificateFile, cert)
    await writeFile(door.keyFile, key)
    await using chain = await chainOf()
    expect(await failureOf(chain.take('full'))).toMatch(/sqlserver-door-certificate: .*not for 127\.0\.0\.1/)
    expect(server.statements.filter(({ text }) => /^(BACKUP|CREATE)/.test(text))).toEqual([])
  })

  it('where the certificate is not valid any more', async () => {
    const later = doorCertificate(door, new Date('2100-01-01'))
    expect(await failureOf(later)).toMatch(/sqlserver-door-certificate: .*not valid now/)
  })

  it('where the key is another one, others may read it, or it is not there', async () => {
    await writeFile(door.keyFile, 'no key')
    await using chain = await chainOf()
    expect(await failureOf(chain.take('full'))).toContain('sqlserver-door-certificate')
    await chmod(door.keyFile, 0o644)
    expect(await failureOf(chain.take('full'))).toMatch(/file-not-private: The key of the door/)
    chain.settings.door = { ...door, keyFile: files.in('nowhere') }
    expect(await failureOf(chain.take('full'))).toMatch(/sqlserver-door-certificate: .*nowhere cannot be read/)
  })

  it.each<[string, SqlServerOptions]>([
    ['SQL Server 2019', { version: 15 }],
    ['the Express edition', { edition: 'express' }],
  ])('where the server is %s', async (_, options) => {
    await using old = await trusting(options)
    await using chain = await BackupChain.of(old, { door })
    expect(await failureOf(chain.take('full'))).toMatch(/sqlserver-door-unavailable: .*directory/)
  })

  it('where the credential is taken away meanwhile', async () => {
    server.faults.onStatement(/^BACKUP/, { kind: 'meanwhile', act: () => server.model.dropCredentials() })
    await using chain = await chainOf({ parallel: 1 })
    expect(await failureOf(chain.take('full'))).toMatch(/sqlserver-door-credential: .*error 50/)
  })
})

describe('whatever happens, the server is left as it was', () => {
  it('when somebody stops the run while a database is sent', async () => {
    const stop = new AbortController()
    const trap = server.faults.onStatement(of('two'), { kind: 'stall' }, { at: 30 })
    await using chain = await chainOf()
    const run = failureOf(chain.take('full', { signal: stop.signal }))
    await trap.struck
    stop.abort(new Error('somebody stopped it'))
    expect(await run).toContain('somebody stopped it')
    expect(credentials()).toEqual([])
    await expect.poll(() => server.connections).toBe(0)
  })

  it('when nobody reads any more', async () => {
    await using chain = await chainOf()
    const stop = new AbortController()
    const before = ({ unit }: { unit: string }) => {
      if (unit !== 'two') return
      // As the uploader does it: who fails ends the run.
      stop.abort(new Error('the disk is full'))
      throw stop.signal.reason
    }
    expect(await failureOf(chain.take('full', { before, signal: stop.signal }))).toContain('the disk is full')
    expect(credentials()).toEqual([])
    await expect.poll(() => server.connections).toBe(0)
  })

  it('and what a killed run has left, its credential, goes with the next', async () => {
    await using chain = await chainOf()
    server.faults.onStatement(/^DROP CREDENTIAL/, { kind: 'kill' })
    await chain.take('full')
    expect(credentials()).toHaveLength(1)
    const others = 's3://127.0.0.1:9000/customer'
    server.model.addCredential(others)
    await chain.take('full')
    expect(credentials()).toEqual([others])
  })
})

describe('the doctor', () => {
  const findings = (settings: typeof BackupChain.prototype.settings) => sqlserver.checkRights!(settings, signal)

  it('finds nothing where the server trusts the door, and leaves nothing', async () => {
    await using chain = await chainOf()
    // The certificate of the tests is for 30 days.
    expect(await findings(chain.settings)).toMatchObject([{ code: 'sqlserver-door-certificate-ends', grave: false }])
    expect(credentials()).toEqual([])
  })

  it('says which rights are missing, and what a server that does not trust it needs', async () => {
    await using strange = await startSqlServer()
    const login = strange.logins.add('backup', {
      permissions: ['VIEW SERVER STATE', 'VIEW ANY DEFINITION'],
      users: { '*': ['db_backupoperator'] },
      msdb: ['dbo.backupset'],
    })
    await using limited = await BackupChain.of(strange, { door }, { login })
    const found = await findings(limited.settings)
    expect(found.map(({ what }) => what)).toEqual([
      'The login lacks the right SELECT on msdb.dbo.backupfile',
      'The login lacks the right ALTER ANY CREDENTIAL',
      'The server cannot use the door',
    ])
    await using chain = await BackupChain.of(strange, { door })
    expect(await findings(chain.settings)).toMatchObject([{ code: 'sqlserver-door-untrusted', grave: true }])
  })

  it('is content with the least that the documentation names', async () => {
    const login = server.logins.add('backup', {
      permissions: ['VIEW SERVER STATE', 'VIEW ANY DEFINITION', 'ALTER ANY CREDENTIAL'],
      users: { '*': ['db_backupoperator'] },
      msdb: ['dbo.backupset', 'dbo.backupfile'],
    })
    await using chain = await chainOf({}, { login })
    expect((await findings(chain.settings)).filter(({ grave }) => grave)).toEqual([])
    expect((await chain.take('full')).warnings).toEqual([])
  })
})

describe('the door itself', () => {
  let open: Door
  let client: S3Client

  beforeEach(async () => {
    const { cert, key, authority } = await serverCertificate()
    open = await Door.open(
      { certificate: cert, key },
      { bucket: 'failsafe-1', spool: new Spool(files.in('spool')), now: () => new Date() },
    )
    client = clientOf(open.accessKey, open.secretKey, authority)
  })
  afterEach(async () => {
    client.destroy()
    await open.close()
  })

  const clientOf = (accessKeyId: string, secretAccessKey: string, ca: string) =>
    new S3Client({
      endpoint: open.url.replace('s3://', 'https://').replace('/failsafe-1', ''),
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      credentials: { accessKeyId, secretAccessKey },
      // With that header it would use another agent, which does not know the authority.
      expectContinueHeader: false,
      requestHandler: { httpsAgent: { ca } },
    })
  const codeOf = (sent: Promise<unknown>) =>
    sent.then(
      () => 'done',
      error => error.name,
    )

  it('has a key of letters and digits alone, another one each time', () => {
    expect(open.accessKey).toMatch(/^[A-Za-z0-9]{20}$/)
    expect(open.secretKey).toMatch(/^[A-Za-z0-9]{40}$/)
  })

  it('takes an object that came in one request', async () => {
    const intake = open.expect('a')
    await client.send(new PutObjectCommand({ Bucket: 'failsafe-1', Key: 'a', Body: Buffer.from('whole') }))
    expect(Buffer.concat(await Array.fromAsync(intake.read())).toString()).toBe('whole')
  })

  it('lets nobody in with another key, or none, or to another bucket or object', async () => {
    open.expect('a')
    const { authority } = await serverCertificate()
    const stranger = clientOf(open.accessKey, 'x'.repeat(40), authority)
    const create = (Bucket: string, Key: string) => new CreateMultipartUploadCommand({ Bucket, Key })
    expect(await codeOf(stranger.send(create('failsafe-1', 'a')))).toBe('SignatureDoesNotMatch')
    expect(await codeOf(client.send(create('failsafe-2', 'a')))).toBe('NoSuchBucket')
    expect(await codeOf(client.send(create('failsafe-1', 'b')))).toBe('AccessDenied')
    stranger.destroy()
    const bare = await new Promise<string>((resolve, reject) => {
      const url = new URL(open.url.replace('s3:', 'https:'))
      request(url, { ca: authority }, async response => resolve(`${response.statusCode} ${await text(response)}`))
        .on('error', reject)
        .end()
    })
    expect(bare).toMatch(/^403 .*MissingAuthenticationToken/s)
  })

  it('says what is there, and gives nothing back', async () => {
    const intake = open.expect('a')
    const object = { Bucket: 'failsafe-1', Key: 'a' }
    await client.send(new HeadBucketCommand({ Bucket: 'failsafe-1' }))
    const listed = await client.send(new ListObjectsV2Command({ Bucket: 'failsafe-1' }))
    expect(listed.KeyCount).toBe(0)
    expect(await codeOf(client.send(new GetObjectCommand(object)))).toBe('NoSuchKey')
    const read = Array.fromAsync(intake.read())
    await client.send(new PutObjectCommand({ ...object, Body: Buffer.from('whole') }))
    expect(await codeOf(client.send(new GetObjectCommand(object)))).toBe('InvalidObjectState')
    await read
  })

  it('refuses a part that is larger than any', async () => {
    open.expect('a')
    const object = { Bucket: 'failsafe-1', Key: 'a' }
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(object))
    const part = new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: Buffer.alloc(20 * 1024 * 1024 + 1) })
    expect(await codeOf(client.send(part))).toBe('EntityTooLarge')
  })

  it('tells why the disk could not take a part', async () => {
    await writeFile(files.in('spool'), 'a file where a directory should be')
    open.expect('a')
    const object = { Bucket: 'failsafe-1', Key: 'a' }
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(object))
    const part = new UploadPartCommand({ ...object, UploadId, PartNumber: 2, Body: Buffer.from('second') })
    expect(await codeOf(client.send(part))).toBe('InternalError')
    expect(String(open.trouble)).toMatch(/EEXIST|ENOTDIR/)
    expect(await readFile(files.in('spool'), 'utf8')).toContain('a file')
  })
})
