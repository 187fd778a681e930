import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Question } from '../../infra/local/access.ts'
import type { Fault } from '../../infra/local/s3/fault.ts'
import { type S3, startS3 } from '../../infra/local/s3/server.ts'
import { times } from '../support/counts.ts'

const MiB = 1024 * 1024
const Bucket = 'vault'
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('base64')
const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' }
const clientOf = (endpoint: string, maxAttempts = 1) =>
  new S3Client({
    region: 'us-east-1',
    endpoint,
    forcePathStyle: true,
    credentials,
    maxAttempts,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => 'accepted',
    (error: { name: string }) => error.name,
  )

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'failsafe-s3-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** The files that hold bodies. */
const dataFiles = async () =>
  (await readdir(join(directory, 'data'), { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())

describe('in this process', () => {
  let server: S3
  let s3: S3Client
  let asked: Question[]
  let denied: (question: Question) => boolean
  let now: () => Date
  let fault: Fault | undefined
  let reported: unknown[]
  beforeEach(async () => {
    asked = []
    denied = () => false
    now = () => new Date()
    fault = undefined
    reported = []
    server = await startS3({
      directory,
      access: {
        credential: id => (id === 'AKIDTEST' ? { secretAccessKey: 'secret', principal: 'Tester' } : undefined),
        authorize(question) {
          asked.push(question)
          return denied(question) ? { allowed: false, reason: 'a test' } : { allowed: true }
        },
      },
      now: () => now(),
      intercept: () => fault,
      report: error => reported.push(error),
    })
    server.createBucket(Bucket, { objectLock: true })
    s3 = clientOf(server.url)
  })
  afterEach(async () => {
    await server.close()
    expect(reported).toEqual([])
  })

  /** What was asked while `call` ran, e.g. `s3:GetObject vault/a`. */
  const askedBy = async (call: Promise<unknown>) => {
    asked = []
    await call.catch(() => {})
    return asked.map(({ action, resource }) => `${action} ${resource.replace('arn:aws:s3:::', '')}`)
  }

  test('each request asks for the permission AWS asks for', async () => {
    const object = { Bucket, Key: 'a' }
    const { VersionId } = await s3.send(new PutObjectCommand({ ...object, Body: 'x' }))
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(object))
    const upload = { ...object, UploadId }
    const Retention = { Mode: 'GOVERNANCE' as const, RetainUntilDate: new Date(Date.now() + 3_600_000) }
    const lock = { ObjectLockMode: Retention.Mode, ObjectLockRetainUntilDate: Retention.RetainUntilDate }
    const expectAsked = async (call: Promise<unknown>, ...expected: string[]) => {
      expect(await askedBy(call)).toEqual(expected)
    }
    await expectAsked(s3.send(new HeadBucketCommand({ Bucket })), 's3:ListBucket vault')
    await expectAsked(s3.send(new PutObjectCommand({ ...object, Body: 'x' })), 's3:PutObject vault/a')
    await expectAsked(
      s3.send(new PutObjectCommand({ ...object, Body: 'x', ...lock, ChecksumSHA256: sha256('x') })),
      's3:PutObject vault/a',
      's3:PutObjectRetention vault/a',
    )
    const reads = (version: string) => [`s3:GetObject${version} vault/a`, 's3:GetObjectRetention vault/a']
    await expectAsked(s3.send(new HeadObjectCommand(object)), ...reads(''))
    await expectAsked(s3.send(new HeadObjectCommand({ ...object, VersionId })), ...reads('Version'))
    await expectAsked(s3.send(new GetObjectCommand(object)), ...reads(''))
    await expectAsked(s3.send(new GetObjectCommand({ ...object, VersionId })), ...reads('Version'))
    await expectAsked(s3.send(new CreateMultipartUploadCommand(object)), 's3:PutObject vault/a')
    const part = new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' })
    await expectAsked(s3.send(part), 's3:PutObject vault/a')
    await expectAsked(s3.send(new ListPartsCommand(upload)), 's3:ListMultipartUploadParts vault/a')
    const Parts = [{ PartNumber: 2, ETag: 'x' }]
    const complete = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } })
    await expectAsked(s3.send(complete), 's3:PutObject vault/a')
    await expectAsked(s3.send(new AbortMultipartUploadCommand(upload)), 's3:AbortMultipartUpload vault/a')
    await expectAsked(s3.send(new ListMultipartUploadsCommand({ Bucket })), 's3:ListBucketMultipartUploads vault')
    await expectAsked(s3.send(new ListObjectsV2Command({ Bucket })), 's3:ListBucket vault')
    await expectAsked(s3.send(new ListObjectVersionsCommand({ Bucket })), 's3:ListBucketVersions vault')
    await expectAsked(s3.send(new GetBucketVersioningCommand({ Bucket })), 's3:GetBucketVersioning vault')
    const retention = { ...object, VersionId, Retention }
    await expectAsked(s3.send(new PutObjectRetentionCommand(retention)), 's3:PutObjectRetention vault/a')
    await expectAsked(s3.send(new GetObjectRetentionCommand(object)), 's3:GetObjectRetention vault/a')
    await expectAsked(s3.send(new DeleteObjectCommand(object)), 's3:DeleteObject vault/a')
    await expectAsked(
      s3.send(new DeleteObjectCommand({ ...object, VersionId, BypassGovernanceRetention: true })),
      's3:DeleteObjectVersion vault/a',
      's3:BypassGovernanceRetention vault/a',
    )
    const Objects = [{ Key: 'b' }, { Key: 'c', VersionId: 'none' }]
    await expectAsked(
      s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } })),
      's3:DeleteObject vault/b',
      's3:DeleteObjectVersion vault/c',
    )
  })

  test('what a policy denies is refused before anything happens', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }))
    denied = () => true
    for (const call of [
      () => s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'y' })),
      () => s3.send(new GetObjectCommand({ Bucket, Key: 'a' })),
      () => s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' })),
      () => s3.send(new ListObjectsV2Command({ Bucket })),
    ])
      expect(await refusal(call())).toBe('AccessDenied')
    const Delete = { Objects: [{ Key: 'a' }] }
    const many = await s3.send(new DeleteObjectsCommand({ Bucket, Delete }))
    expect(many.Errors?.map(error => error.Code)).toEqual(['AccessDenied'])
    denied = () => false
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'a' }))
    expect(await Body!.transformToString()).toBe('x')
  })

  test('who may not list is not told that a key is missing', async () => {
    const missing = () => refusal(s3.send(new GetObjectCommand({ Bucket, Key: 'missing' })))
    expect(await missing()).toBe('NoSuchKey')
    denied = question => question.action === 's3:ListBucket'
    expect(await missing()).toBe('AccessDenied')
  })

  test('policies see how a request was signed, how old a URL is, and what it creates', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x', IfNoneMatch: '*' }))
    expect(asked[0]?.context).toMatchObject({
      'aws:securetransport': ['true'],
      's3:authtype': ['REST-HEADER'],
      's3:signatureversion': ['AWS4-HMAC-SHA256'],
      's3:if-none-match': ['*'],
      's3:objectcreationoperation': ['true'],
    })
    expect(asked[0]?.context).not.toHaveProperty('s3:signatureage')
    asked = []
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a' }))
    expect(asked[0]?.context).toMatchObject({ 's3:objectcreationoperation': ['false'] })
    const part = new UploadPartCommand({ Bucket, Key: 'a', UploadId, PartNumber: 1 })
    const url = await getSignedUrl(s3, part, { expiresIn: 900 })
    now = () => new Date(Date.now() + 600_000)
    asked = []
    await fetch(url, { method: 'PUT', body: 'x' })
    expect(asked[0]?.context).toMatchObject({ 's3:authtype': ['REST-QUERY-STRING'] })
    const age = Number(asked[0]?.context['s3:signatureage']?.[0])
    expect(age).toBeGreaterThanOrEqual(600_000)
    expect(age).toBeLessThan(610_000)
  })

  test('an operation, a parameter or a header it does not know is answered 501', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }))
    for (const call of [
      () => s3.send(new GetBucketAclCommand({ Bucket })),
      () => s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'a' })),
      () => s3.send(new GetObjectCommand({ Bucket, Key: 'a', PartNumber: 1 })),
      () => s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'y', ServerSideEncryption: 'aws:kms' })),
      () => s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'y', IfMatch: '"x"' })),
      () => s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'y', ChecksumAlgorithm: 'CRC32C' })),
      () => s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a', ChecksumAlgorithm: 'CRC64NVME' })),
    ])
      expect(await refusal(call())).toBe('NotImplemented')
  })

  test('an object belongs to the owner of the bucket, whatever it asks for', async () => {
    const owned = { Bucket, Key: 'a', ACL: 'bucket-owner-full-control' } as const
    await s3.send(new PutObjectCommand({ ...owned, Body: 'x' }))
    await s3.send(new CreateMultipartUploadCommand(owned))
    for (const command of [
      new PutObjectCommand({ ...owned, ACL: 'private', Body: 'x' }),
      new CreateMultipartUploadCommand({ ...owned, ACL: 'public-read' }),
    ])
      expect(await refusal(s3.send(command as PutObjectCommand))).toBe('AccessControlListNotSupported')
  })

  test('a refused upload is read to its end, so that the client sees the answer and not a reset', async () => {
    const body = randomBytes(24 * MiB)
    const status = await new Promise((resolve, reject) => {
      const sending = request(`${server.url}/vault/a`, { method: 'PUT' }, answer => resolve(answer.statusCode))
      sending.on('error', reject)
      sending.end(body)
    })
    expect(status).toBe(403)
    expect(await refusal(s3.send(new PutObjectCommand({ Bucket: 'missing', Key: 'a', Body: body })))).toBe(
      'NoSuchBucket',
    )
  })

  test('a body that breaks off leaves nothing behind', async () => {
    const length = 4 * MiB
    const put = new PutObjectCommand({ Bucket, Key: 'a', ContentLength: length })
    const url = await getSignedUrl(s3, put, { expiresIn: 900 })
    const sending = request(url, { method: 'PUT', headers: { 'content-length': length } })
    const broken = once(sending, 'error')
    sending.write(randomBytes(2 * MiB))
    while ((await dataFiles()).length === 0) await sleep(5)
    sending.destroy(new Error('the line is cut'))
    await broken
    while ((await dataFiles()).length > 0) await sleep(5)
    expect(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'a' })))).toBe('NotFound')
  })

  test('a lock ends when its time has come', async () => {
    const until = new Date(Date.now() + 30 * 86_400_000)
    const { VersionId } = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 'a',
        Body: 'x',
        ChecksumSHA256: sha256('x'),
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: until,
      }),
    )
    // The client corrects its clock by the date of the refusal, and tries again.
    const patient = clientOf(server.url, 2)
    const remove = () => refusal(patient.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId })))
    expect(await remove()).toBe('AccessDenied')
    now = () => new Date(until.getTime() - 60_000)
    expect(await remove()).toBe('AccessDenied')
    now = () => new Date(until.getTime() + 60_000)
    expect(await remove()).toBe('accepted')
    expect(await dataFiles()).toEqual([])
  })

  test('a SHA-256 that was hoisted into a presigned URL is not held against the body, as on S3', async () => {
    const put = new PutObjectCommand({ Bucket, Key: 'a', ChecksumSHA256: sha256('signed') })
    const url = await getSignedUrl(s3, put, { expiresIn: 900 })
    expect(url).toMatch(/x-amz-checksum-sha256=/i)
    expect((await fetch(url, { method: 'PUT', body: 'other' })).status).toBe(200)
  })

  test('without versioning an object is replaced, and its bytes are gone from the disk', async () => {
    server.createBucket('plain', { objectLock: false })
    const object = { Bucket: 'plain', Key: 'a' }
    for (const Body of ['one', 'two']) await s3.send(new PutObjectCommand({ ...object, Body }))
    expect(await dataFiles()).toHaveLength(1)
    expect((await s3.send(new HeadObjectCommand(object))).VersionId).toBeUndefined()
    await s3.send(new DeleteObjectCommand(object))
    expect(await dataFiles()).toEqual([])
    const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket: 'plain' }))
    expect(Versions ?? []).toEqual([])
  })

  test('versioning can be suspended, but not where there is object lock', async () => {
    server.createBucket('plain', { objectLock: false, versioned: true })
    const suspend = (bucket: string) =>
      s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Suspended' } }))
    expect(await refusal(suspend(Bucket))).toBe('InvalidBucketState')
    const object = { Bucket: 'plain', Key: 'a' }
    const { VersionId } = await s3.send(new PutObjectCommand({ ...object, Body: 'kept' }))
    await suspend('plain')
    for (const Body of ['one', 'two']) await s3.send(new PutObjectCommand({ ...object, Body }))
    const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket: 'plain' }))
    expect(Versions?.map(version => version.VersionId)).toEqual(['null', VersionId])
  })

  test('parts that complete leaves out, and parts of an aborted upload, are gone from the disk', async () => {
    const object = { Bucket, Key: 'a' }
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(object))
    const etags: (string | undefined)[] = []
    for (const PartNumber of [1, 2, 3]) {
      const part = new UploadPartCommand({ ...object, UploadId, PartNumber, Body: String(PartNumber) })
      etags.push((await s3.send(part)).ETag)
    }
    expect(await dataFiles()).toHaveLength(3)
    const MultipartUpload = { Parts: [{ PartNumber: 2, ETag: etags[1] }] }
    await s3.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload }))
    expect(await dataFiles()).toHaveLength(1)
    const second = await s3.send(new CreateMultipartUploadCommand(object))
    await s3.send(new UploadPartCommand({ ...object, UploadId: second.UploadId, PartNumber: 1, Body: 'x' }))
    await s3.send(new AbortMultipartUploadCommand({ ...object, UploadId: second.UploadId }))
    expect(await dataFiles()).toHaveLength(1)
  })

  test('of many completions at once exactly one succeeds', async () => {
    const object = { Bucket, Key: 'a' }
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(object))
    const { ETag } = await s3.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: 'x' }))
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () =>
        refusal(
          s3.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload, IfNoneMatch: '*' })),
        ),
      ),
    )
    expect(outcomes.sort()).toEqual([...Array(7).fill('NoSuchUpload'), 'accepted'])
  })

  test('a test can make the server slow down, break the line, or lose an answer', async () => {
    const put = () => refusal(s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' })))
    fault = { kind: 'error', status: 503, code: 'SlowDown' }
    expect(await put()).toBe('SlowDown')
    fault = { kind: 'reset' }
    expect(await put()).not.toBe('accepted')
    fault = undefined
    expect(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'a' })))).toBe('NotFound')
    fault = { kind: 'lose-answer' }
    expect(await put()).not.toBe('accepted')
    fault = undefined
    expect(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'a' })))).toBe('accepted')
    const Body = Buffer.alloc(MiB)
    fault = undefined
    await s3.send(new PutObjectCommand({ Bucket, Key: 'large', Body }))
    fault = { kind: 'cut', after: 100_000 }
    let received = 0
    const { body } = await fetch(await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'large' })))
    const readAll = async () => {
      for await (const chunk of body!) received += chunk.length
    }
    await expect(readAll()).rejects.toThrow('terminated')
    expect(received).toBe(100_000)
    fault = { kind: 'stall' }
    const get = fetch(`${server.url}/vault/a`, { signal: AbortSignal.timeout(300) })
    await expect(get).rejects.toThrow(/timeout/i)
  })

  test('no other machine can reach it', async () => {
    const outside = Object.values(networkInterfaces())
      .flatMap(addresses => addresses ?? [])
      .filter(address => !address.internal && address.family === 'IPv4')
    for (const { address } of [...outside, { address: '127.0.0.2' }])
      await expect(fetch(`http://${address}:${server.port}/`)).rejects.toThrow()
  })
})

describe('in a process that is killed', () => {
  let child: ChildProcess | undefined
  const start = async () => {
    const script = fileURLToPath(new URL('s3-process.ts', import.meta.url))
    child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [url] = await once(createInterface(child.stdout!), 'line')
    return clientOf(url)
  }
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  afterEach(kill)

  test('a body that was coming in when the process died leaves no file', async () => {
    const s3 = await start()
    const length = 8 * MiB
    const put = new PutObjectCommand({ Bucket, Key: 'a', ContentLength: length })
    const url = await getSignedUrl(s3, put, { expiresIn: 900 })
    const sending = request(url, { method: 'PUT', headers: { 'content-length': length } })
    const broken = once(sending, 'error')
    sending.write(randomBytes(4 * MiB))
    while ((await dataFiles()).length === 0) await sleep(5)
    await kill()
    await broken
    expect(await dataFiles()).toHaveLength(1)
    const again = await start()
    expect(await dataFiles()).toEqual([])
    expect(await refusal(again.send(new HeadObjectCommand({ Bucket, Key: 'a' })))).toBe('NotFound')
  })

  test('what was acknowledged is still there, and what was not leaves no file', async () => {
    const Key = 'pack'
    const first = await start()
    const { UploadId } = await first.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: 'SHA256' }),
    )
    const done = await first.send(new PutObjectCommand({ Bucket, Key: 'done', Body: 'kept' }))
    const acknowledged = new Map<number, { size: number; sum: string; etag: string | undefined }>()
    let s3 = first
    for (let round = 0; round < times(30); round++) {
      const numbers = [1, 2, 3, 4].map(number => round * 4 + number)
      const uploads = numbers.map(async PartNumber => {
        const Body = randomBytes(5 * MiB + PartNumber)
        const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ChecksumSHA256: sha256(Body) })
        const { ETag } = await s3.send(part)
        acknowledged.set(PartNumber, { size: Body.length, sum: sha256(Body), etag: ETag })
      })
      const settled = Promise.allSettled(uploads)
      await sleep((round * 60) % 240)
      await kill()
      await settled
      s3 = await start()
      const parts = (await s3.send(new ListPartsCommand({ Bucket, Key, UploadId }))).Parts ?? []
      for (const [number, { size, sum, etag }] of acknowledged)
        expect(parts.find(part => part.PartNumber === number)).toMatchObject({
          Size: size,
          ChecksumSHA256: sum,
          ETag: etag,
        })
      expect(await dataFiles()).toHaveLength(parts.length + 1)
    }
    const Body = randomBytes(6 * MiB)
    const last = { Bucket, Key, UploadId, PartNumber: 1, Body, ChecksumSHA256: sha256(Body) }
    const { ETag } = await s3.send(new UploadPartCommand(last))
    const Parts = [{ PartNumber: 1, ETag, ChecksumSHA256: last.ChecksumSHA256 }]
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }))
    await kill()
    s3 = await start()
    const pack = await s3.send(new GetObjectCommand({ Bucket, Key }))
    expect(Buffer.from(await pack.Body!.transformToByteArray()).equals(Body)).toBe(true)
    const kept = await s3.send(new GetObjectCommand({ Bucket, Key: 'done', VersionId: done.VersionId }))
    expect(await kept.Body!.transformToString()).toBe('kept')
  })
})
