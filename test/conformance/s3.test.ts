import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectRetentionCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Endpoint, openEndpoint } from './s3-endpoint.ts'

const MiB = 1024 * 1024
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('base64')
const md5 = (bytes: Uint8Array | string) => createHash('md5').update(bytes).digest('hex')

let endpoint: Endpoint
let s3: S3Client
let Bucket: string
beforeAll(async () => {
  endpoint = await openEndpoint()
  s3 = endpoint.client()
  Bucket = endpoint.bucket
})
afterAll(() => endpoint.close())

let count = 0
/** A key nobody used yet. */
const fresh = (name = 'object') => `${endpoint.prefix}${count++}/${name}`
const put = (Key: string, Body: Uint8Array | string = 'x', more: Partial<PutObjectCommandInput> = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
const read = async (Key: string, VersionId?: string, Range?: string) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId, Range }))
  return Buffer.from(await Body!.transformToByteArray())
}
/** The code of a refusal and its status. */
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => 'accepted',
    (error: { name: string; $metadata?: { httpStatusCode?: number } }) => ({
      code: error.name,
      status: error.$metadata?.httpStatusCode,
    }),
  )

describe('objects', () => {
  test('an object is read back as it was written, with its metadata', async () => {
    const Key = fresh("a b/ü'()*!+&=@:,;$~<>")
    const body = randomBytes(100_000)
    const written = await put(Key, body, {
      ContentType: 'text/x-test',
      CacheControl: 'no-store',
      ContentDisposition: 'attachment',
      Metadata: { kind: 'a value' },
    })
    expect(written.ETag).toBe(`"${md5(body)}"`)
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key }))
    expect(head).toMatchObject({
      ContentLength: body.length,
      ContentType: 'text/x-test',
      CacheControl: 'no-store',
      ContentDisposition: 'attachment',
      Metadata: { kind: 'a value' },
      ETag: written.ETag,
      VersionId: written.VersionId,
    })
    expect(Math.abs(head.LastModified!.getTime() - Date.now())).toBeLessThan(15 * 60_000)
    expect((await read(Key)).equals(body)).toBe(true)
  })

  test('an empty object is an object', async () => {
    const Key = fresh()
    await put(Key, '', { ContentLength: 0 })
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject({ ContentLength: 0 })
    expect(await read(Key)).toHaveLength(0)
    expect(await refusal(read(Key, undefined, 'bytes=0-'))).toMatchObject({ code: 'InvalidRange', status: 416 })
  })

  test('a range is exactly the bytes asked for', async () => {
    const Key = fresh()
    const body = randomBytes(3 * MiB + 7)
    await put(Key, body)
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 1],
      ['bytes=1000000-2500000', 1_000_000, 2_500_001],
      [`bytes=${MiB}-`, MiB, body.length],
      ['bytes=-5', body.length - 5, body.length],
      ['bytes=3145728-99999999999', 3 * MiB, body.length],
    ] as const)
      expect((await read(Key, undefined, range)).equals(body.subarray(start, end)), range).toBe(true)
    const part = await s3.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=2-3' }))
    expect(part).toMatchObject({ ContentLength: 2, ContentRange: `bytes 2-3/${body.length}` })
    await part.Body!.transformToByteArray()
    expect(await refusal(read(Key, undefined, `bytes=${body.length}-`))).toMatchObject({ code: 'InvalidRange' })
  })

  test('a checksum that is not that of the body is refused, and nothing is stored', async () => {
    const Key = fresh()
    expect(await refusal(put(Key, 'body', { ChecksumSHA256: sha256('other') }))).toMatchObject({ code: 'BadDigest' })
    expect(await refusal(put(Key, 'body', { ChecksumCRC32: 'AAAAAA==' }))).toMatchObject({ code: 'BadDigest' })
    const ContentMD5 = Buffer.from(md5('other'), 'hex').toString('base64')
    expect(await refusal(put(Key, 'body', { ContentMD5 }))).toMatchObject({ code: 'BadDigest' })
    expect(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key })))).toMatchObject({ status: 404 })
    await put(Key, 'body', { ChecksumSHA256: sha256('body') })
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
    expect(head).toMatchObject({ ChecksumSHA256: sha256('body'), ChecksumType: 'FULL_OBJECT' })
  })

  test('a stream with its checksum in the trailer arrives whole', async () => {
    const Key = fresh()
    const body = randomBytes(2 * MiB + 3)
    await endpoint
      .client({ requestChecksumCalculation: 'WHEN_SUPPORTED' })
      .send(new PutObjectCommand({ Bucket, Key, Body: Readable.from([body]), ContentLength: body.length }))
    expect((await read(Key)).equals(body)).toBe(true)
  })

  test('if-none-match writes only where nothing is', async () => {
    const Key = fresh()
    await put(Key, 'first', { IfNoneMatch: '*' })
    expect(await refusal(put(Key, 'second', { IfNoneMatch: '*' }))).toEqual({ code: 'PreconditionFailed', status: 412 })
    expect((await read(Key)).toString()).toBe('first')
    await s3.send(new DeleteObjectCommand({ Bucket, Key }))
    await put(Key, 'third', { IfNoneMatch: '*' })
    expect((await read(Key)).toString()).toBe('third')
  })

  test('what is not there is not there', async () => {
    expect(await refusal(read(fresh()))).toEqual({ code: 'NoSuchKey', status: 404 })
    const missing = { Bucket: `${Bucket.slice(0, 40)}-missing-${randomBytes(4).toString('hex')}` }
    expect(await refusal(s3.send(new HeadBucketCommand(missing)))).toMatchObject({ status: 404 })
    expect(await refusal(s3.send(new HeadBucketCommand({ Bucket })))).toBe('accepted')
  })
})

describe('versions', () => {
  test('each write is a version, and a delete only hides them', async () => {
    const Key = fresh()
    const first = await put(Key, 'first')
    const second = await put(Key, 'second')
    expect(first.VersionId).not.toBe(second.VersionId)
    expect((await read(Key, first.VersionId)).toString()).toBe('first')
    const marker = await s3.send(new DeleteObjectCommand({ Bucket, Key }))
    expect(marker.DeleteMarker).toBe(true)
    expect(await refusal(read(Key))).toMatchObject({ code: 'NoSuchKey' })
    expect((await read(Key, second.VersionId)).toString()).toBe('second')
    const list = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }))
    expect(list.Versions?.map(version => [version.VersionId, version.IsLatest])).toEqual([
      [second.VersionId, false],
      [first.VersionId, false],
    ])
    expect(list.DeleteMarkers?.map(version => [version.VersionId, version.IsLatest])).toEqual([
      [marker.VersionId, true],
    ])
    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId: marker.VersionId }))
    expect((await read(Key)).toString()).toBe('second')
    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId: second.VersionId }))
    expect((await read(Key)).toString()).toBe('first')
    expect(await refusal(read(Key, second.VersionId))).toMatchObject({ code: 'NoSuchVersion' })
  })

  test('a list of versions comes in pages without loss or repetition', async () => {
    const Prefix = fresh('')
    const written: (string | undefined)[] = []
    for (const key of ['a', 'b', 'c']) {
      const ids: (string | undefined)[] = []
      for (const body of ['1', '2', '3']) ids.unshift((await put(Prefix + key, body)).VersionId)
      written.push(...ids)
    }
    const seen: (string | undefined)[] = []
    let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {}
    for (let more = true; more; ) {
      const page = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix, MaxKeys: 2, ...markers }))
      seen.push(...(page.Versions ?? []).map(version => version.VersionId))
      markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
      more = page.IsTruncated === true
    }
    expect(seen).toEqual(written)
  })

  test('many are deleted in one call', async () => {
    const [one, two] = [fresh(), fresh()]
    const { VersionId } = await put(one, 'x')
    await put(two, 'x')
    const Objects = [{ Key: one, VersionId }, { Key: two }, { Key: fresh() }]
    const result = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    expect(result.Errors ?? []).toEqual([])
    expect(result.Deleted?.map(({ Key, DeleteMarker }) => [Key, DeleteMarker ?? false])).toEqual([
      [one, false],
      [two, true],
      [Objects[2]!.Key, true],
    ])
    expect(await refusal(read(one))).toMatchObject({ code: 'NoSuchKey' })
  })
})

describe('lists', () => {
  test('keys come in the order of their bytes, in pages, folded at the delimiter', async () => {
    const Prefix = fresh('')
    const keys = ['a', 'a/1', 'a/2', 'a0', 'b/x/1', 'b/y', 'z&<>"', 'ä', '漢', '🙂'].map(key => Prefix + key)
    for (const key of [...keys].reverse()) await put(key)
    const pages = async (Delimiter?: string) => {
      const seen: string[] = []
      let ContinuationToken: string | undefined
      for (let more = true; more; ) {
        const page = await s3.send(
          new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 2, Delimiter, ContinuationToken }),
        )
        const found = [
          ...(page.Contents ?? []).map(one => one.Key!),
          ...(page.CommonPrefixes ?? []).map(one => one.Prefix!),
        ]
        expect(found.length).toBeLessThanOrEqual(2)
        expect(page.KeyCount).toBe(found.length)
        seen.push(...found.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
        ContinuationToken = page.NextContinuationToken
        more = page.IsTruncated === true
      }
      return seen.map(key => key.slice(Prefix.length))
    }
    expect(await pages()).toEqual(keys.map(key => key.slice(Prefix.length)))
    expect(await pages('/')).toEqual(['a', 'a/', 'a0', 'b/', 'z&<>"', 'ä', '漢', '🙂'])
    const after = await s3.send(new ListObjectsV2Command({ Bucket, Prefix, StartAfter: `${Prefix}b/y` }))
    expect(after.Contents?.map(one => one.Key)).toEqual(keys.slice(6))
  })
})

describe('multipart uploads', () => {
  const sizes = [5 * MiB, 5 * MiB + 1, 3]
  const bodies = sizes.map(size => randomBytes(size))
  const start = async (Key: string, algorithm: 'SHA256' | undefined = 'SHA256') =>
    (await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: algorithm }))).UploadId!
  const upload = async (
    Key: string,
    UploadId: string,
    PartNumber: number,
    Body: Uint8Array,
  ): Promise<CompletedPart> => {
    const ChecksumSHA256 = sha256(Body)
    const part = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ChecksumSHA256 }))
    return { PartNumber, ETag: part.ETag, ChecksumSHA256 }
  }
  const finish = (Key: string, UploadId: string, Parts: CompletedPart[], IfNoneMatch?: string) =>
    s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, IfNoneMatch }))

  test('parts become one object with a composite checksum', async () => {
    const Key = fresh()
    const UploadId = await start(Key)
    const parts: CompletedPart[] = []
    for (const [index, body] of bodies.entries()) parts.push(await upload(Key, UploadId, index + 1, body))
    expect(parts.map(part => part.ETag)).toEqual(bodies.map(body => `"${md5(body)}"`))

    const listed = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 2 }))
    expect(listed.IsTruncated).toBe(true)
    const rest = await s3.send(
      new ListPartsCommand({ Bucket, Key, UploadId, PartNumberMarker: listed.NextPartNumberMarker }),
    )
    expect(
      [...listed.Parts!, ...rest.Parts!].map(part => [part.PartNumber, part.Size, part.ETag, part.ChecksumSHA256]),
    ).toEqual(parts.map((part, index) => [part.PartNumber, sizes[index], part.ETag, part.ChecksumSHA256]))

    const done = await finish(Key, UploadId, parts, '*')
    const digests = bodies.map(body => Buffer.from(sha256(body), 'base64'))
    const composite = `${sha256(Buffer.concat(digests))}-3`
    const etag = `"${md5(Buffer.concat(bodies.map(body => Buffer.from(md5(body), 'hex'))))}-3"`
    expect(done).toMatchObject({ ETag: etag, ChecksumSHA256: composite })
    expect(done.VersionId).toBeTruthy()
    const head = await s3.send(
      new HeadObjectCommand({ Bucket, Key, VersionId: done.VersionId, ChecksumMode: 'ENABLED' }),
    )
    expect(head).toMatchObject({ ETag: etag, ChecksumSHA256: composite, ChecksumType: 'COMPOSITE' })
    const whole = Buffer.concat(bodies)
    expect((await read(Key)).equals(whole)).toBe(true)
    const across = await read(Key, done.VersionId, `bytes=${5 * MiB - 2}-${10 * MiB + 2}`)
    expect(across.equals(whole.subarray(5 * MiB - 2, 10 * MiB + 3))).toBe(true)
    expect(await refusal(finish(Key, await start(Key), parts.slice(0, 1)))).toMatchObject({ code: 'InvalidPart' })
  })

  test('complete checks order, ETag, checksum and size of every part, and the upload stays usable', async () => {
    const Key = fresh()
    const UploadId = await start(Key)
    const [first, second] = [await upload(Key, UploadId, 1, bodies[0]!), await upload(Key, UploadId, 2, bodies[2]!)]
    const other = { ETag: `"${md5('other')}"`, ChecksumSHA256: sha256('other') }
    const codes = async (...parts: CompletedPart[]) => refusal(finish(Key, UploadId, parts))
    expect(await codes(second, first)).toMatchObject({ code: 'InvalidPartOrder' })
    expect(await codes(first, { ...second, ETag: other.ETag })).toMatchObject({ code: 'InvalidPart' })
    expect(await codes({ ...first, ChecksumSHA256: other.ChecksumSHA256 }, second)).toMatchObject({ status: 400 })
    expect(await codes(first, second, { ...other, PartNumber: 3 })).toMatchObject({ code: 'InvalidPart' })
    const third = await upload(Key, UploadId, 3, bodies[2]!)
    expect(await codes(first, second, third)).toMatchObject({ code: 'EntityTooSmall' })
    await finish(Key, UploadId, [first, third])
    expect((await read(Key)).equals(Buffer.concat([bodies[0]!, bodies[2]!]))).toBe(true)
  })

  test('a part sent again replaces the earlier one', async () => {
    const Key = fresh()
    const UploadId = await start(Key)
    const old = await upload(Key, UploadId, 1, Buffer.from('old'))
    const part = await upload(Key, UploadId, 1, Buffer.from('new'))
    expect(await refusal(finish(Key, UploadId, [old]))).toMatchObject({ code: 'InvalidPart' })
    await finish(Key, UploadId, [part])
    expect((await read(Key)).toString()).toBe('new')
  })

  test('a part whose checksum is wrong is refused and not kept', async () => {
    const Key = fresh()
    const UploadId = await start(Key)
    const part = new UploadPartCommand({
      Bucket,
      Key,
      UploadId,
      PartNumber: 1,
      Body: 'body',
      ChecksumSHA256: sha256('other'),
    })
    expect(await refusal(s3.send(part))).toMatchObject({ code: 'BadDigest', status: 400 })
    expect((await s3.send(new ListPartsCommand({ Bucket, Key, UploadId }))).Parts ?? []).toEqual([])
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
  })

  test('if-none-match completes only where nothing is', async () => {
    const Key = fresh()
    await put(Key, 'first')
    const UploadId = await start(Key)
    const part = await upload(Key, UploadId, 1, Buffer.from('second'))
    expect(await refusal(finish(Key, UploadId, [part], '*'))).toEqual({ code: 'PreconditionFailed', status: 412 })
    expect((await read(Key)).toString()).toBe('first')
  })

  test('a list of uploads comes in pages without loss or repetition', async () => {
    const Prefix = fresh('')
    const begun: string[] = []
    for (const key of ['a', 'a', 'b', 'c']) begun.push(await start(Prefix + key))
    const seen: (string | undefined)[] = []
    let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}
    for (let more = true; more; ) {
      const page = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix, MaxUploads: 1, ...markers }))
      seen.push(...(page.Uploads ?? []).map(({ UploadId }) => UploadId))
      markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
      more = page.IsTruncated === true
    }
    expect([...seen].sort()).toEqual([...begun].sort())
    for (const [i, key] of ['a', 'a', 'b', 'c'].entries())
      await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: Prefix + key, UploadId: begun[i] }))
  })

  test('an aborted upload is gone from the lists, and takes no more parts', async () => {
    const Key = fresh()
    const UploadId = await start(Key)
    const part = await upload(Key, UploadId, 1, Buffer.from('x'))
    const uploads = async () =>
      ((await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }))).Uploads ?? []).map(one => one.UploadId)
    expect(await uploads()).toEqual([UploadId])
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
    expect(await uploads()).toEqual([])
    const gone = { code: 'NoSuchUpload', status: 404 }
    expect(await refusal(upload(Key, UploadId, 1, Buffer.from('x')))).toEqual(gone)
    expect(await refusal(s3.send(new ListPartsCommand({ Bucket, Key, UploadId })))).toEqual(gone)
    expect(await refusal(finish(Key, UploadId, [part]))).toEqual(gone)
  })
})

describe('object lock', () => {
  const inSeconds = (seconds: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + seconds * 1000)
  const lock = (Key: string, VersionId: string, Mode: 'GOVERNANCE' | 'COMPLIANCE', until: Date, bypass?: boolean) =>
    s3.send(
      new PutObjectRetentionCommand({
        Bucket,
        Key,
        VersionId,
        Retention: { Mode, RetainUntilDate: until },
        BypassGovernanceRetention: bypass,
      }),
    )
  const remove = (Key: string, VersionId: string, bypass?: boolean) =>
    refusal(s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention: bypass })))
  const denied = { code: 'AccessDenied', status: 403 }

  test('a governance lock holds a version until it is bypassed; it can be extended but not shortened', async () => {
    const Key = fresh()
    const { VersionId = '' } = await put(Key)
    const until = inSeconds(3600)
    await lock(Key, VersionId, 'GOVERNANCE', until)
    const { Retention } = await s3.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }))
    expect(Retention).toEqual({ Mode: 'GOVERNANCE', RetainUntilDate: until })
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key, VersionId }))).toMatchObject({
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: until,
    })
    expect(await remove(Key, VersionId)).toEqual(denied)
    expect(await refusal(lock(Key, VersionId, 'GOVERNANCE', inSeconds(60)))).toEqual(denied)
    expect(await refusal(lock(Key, VersionId, 'GOVERNANCE', inSeconds(7200)))).toBe('accepted')
    expect(await remove(Key, VersionId)).toEqual(denied)
    expect(await refusal(lock(Key, VersionId, 'GOVERNANCE', inSeconds(60), true))).toBe('accepted')
    expect(await remove(Key, VersionId, true)).toBe('accepted')
  })

  test('a compliance lock holds a version whatever is asked', async () => {
    const Key = fresh()
    const { VersionId = '' } = await put(Key, 'x', {
      ChecksumSHA256: sha256('x'),
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: inSeconds(20),
    })
    expect(await remove(Key, VersionId, true)).toEqual(denied)
    expect(await refusal(lock(Key, VersionId, 'COMPLIANCE', inSeconds(10), true))).toEqual(denied)
    expect(await refusal(lock(Key, VersionId, 'GOVERNANCE', inSeconds(30), true))).toEqual(denied)
    expect(await refusal(lock(Key, VersionId, 'COMPLIANCE', inSeconds(30)))).toBe('accepted')
    expect((await read(Key, VersionId)).toString()).toBe('x')
  })

  test('a lock holds its own version alone, also against a delete of many', async () => {
    const Key = fresh()
    const [{ VersionId: free = '' }, { VersionId: held = '' }] = [await put(Key, 'free'), await put(Key, 'held')]
    await lock(Key, held, 'GOVERNANCE', inSeconds(3600))
    expect(await refusal(s3.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId: free })))).toMatchObject({
      code: 'NoSuchObjectLockConfiguration',
    })
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key, VersionId: free }))).ObjectLockMode).toBeUndefined()
    const Objects = [free, held].map(VersionId => ({ Key, VersionId }))
    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    expect(Deleted?.map(({ VersionId }) => VersionId)).toEqual([free])
    expect(Errors).toMatchObject([{ VersionId: held, Code: 'AccessDenied' }])
    const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }))
    expect(Versions?.map(({ VersionId }) => VersionId)).toEqual([held])
  })

  test('a lock cannot be set in the past', async () => {
    const Key = fresh()
    const { VersionId = '' } = await put(Key)
    expect(await refusal(lock(Key, VersionId, 'GOVERNANCE', inSeconds(-60)))).toMatchObject({ status: 400 })
    expect(await remove(Key, VersionId)).toBe('accepted')
  })
})

describe('presigned URLs', () => {
  const body = randomBytes(5 * MiB)
  /** As the receiver signs a part: protocol.md, presigning rules 1 to 3. */
  const presignPart = async (expiresIn = 900, client = s3) => {
    const Key = fresh()
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: 'SHA256' }))
    const url = await getSignedUrl(
      client,
      new UploadPartCommand({
        Bucket,
        Key,
        UploadId,
        PartNumber: 1,
        ContentLength: body.length,
        ChecksumSHA256: sha256(body),
      }),
      { expiresIn, unhoistableHeaders: new Set(['x-amz-checksum-sha256']) },
    )
    return { url, Key, UploadId }
  }
  const send = async (url: string, bytes: Uint8Array, headers: Record<string, string> = {}) => {
    const response = await fetch(url, { method: 'PUT', body: bytes as Uint8Array<ArrayBuffer>, headers })
    return { status: response.status, code: /<Code>(.*)<\/Code>/.exec(await response.text())?.[1] }
  }
  const checksum = { 'x-amz-checksum-sha256': sha256(body) }

  test('a part is accepted exactly as it was signed', async () => {
    const { url, Key, UploadId } = await presignPart()
    expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host;x-amz-checksum-sha256')
    expect(url).not.toMatch(/crc32/i)
    expect((await send(url, body, checksum)).status).toBe(200)
    const { Parts } = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId }))
    expect(Parts?.map(part => [part.Size, part.ChecksumSHA256])).toEqual([[body.length, sha256(body)]])
  })

  test('other bytes, another length, another checksum and no checksum are refused', async () => {
    const { url, Key, UploadId } = await presignPart()
    const changed = Buffer.from(body)
    changed[changed.length >> 1]! ^= 1
    expect(await send(url, changed, checksum)).toEqual({ status: 400, code: 'BadDigest' })
    const mismatch = { status: 403, code: 'SignatureDoesNotMatch' }
    expect(await send(url, body.subarray(1), checksum)).toEqual(mismatch)
    expect(await send(url, changed, { 'x-amz-checksum-sha256': sha256(changed) })).toEqual(mismatch)
    expect((await send(url, body)).status).toBe(403)
    expect((await s3.send(new ListPartsCommand({ Bucket, Key, UploadId }))).Parts ?? []).toEqual([])
  })

  test('a URL is for one part of one upload, for one method, and only while it lives', async () => {
    const { url } = await presignPart(2)
    expect((await send(url.replace('partNumber=1', 'partNumber=2'), body, checksum)).status).toBe(403)
    expect((await fetch(url)).status).toBe(403)
    await sleep(3100)
    expect((await send(url, body, checksum)).status).toBe(403)
  })

  test('the CRC32 of an empty body, which a signing client adds by default, is held against the body', async () => {
    const Key = fresh()
    const careless = endpoint.client({ requestChecksumCalculation: 'WHEN_SUPPORTED' })
    const url = await getSignedUrl(careless, new PutObjectCommand({ Bucket, Key }), { expiresIn: 900 })
    expect(url).toMatch(/x-amz-checksum-crc32=AAAAAA/i)
    expect((await send(url, Buffer.from('body'))).status).toBe(400)
  })

  test('a reader gets the object through a URL, ranges too, and under the name that was signed', async () => {
    const Key = fresh()
    const { VersionId } = await put(Key, '0123456789')
    const url = await getSignedUrl(
      s3,
      new GetObjectCommand({ Bucket, Key, VersionId, ResponseContentDisposition: 'attachment; filename="a.age"' }),
      { expiresIn: 900 },
    )
    const whole = await fetch(url)
    expect(whole.headers.get('content-disposition')).toBe('attachment; filename="a.age"')
    expect(await whole.text()).toBe('0123456789')
    const part = await fetch(url, { headers: { range: 'bytes=2-4' } })
    expect([part.status, await part.text()]).toEqual([206, '234'])
  })
})

describe('who may come in', () => {
  test('nobody without a signature, with an unknown key or with a wrong secret', async () => {
    const Key = fresh()
    await put(Key)
    expect((await fetch(`${endpoint.url}/${Bucket}/${encodeURI(Key)}`)).status).toBe(403)
    const as = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
      refusal(endpoint.client({ credentials }).send(new GetObjectCommand({ Bucket, Key })))
    expect(await as({ accessKeyId: 'AKIDNOBODYKNOWS00', secretAccessKey: 'x' })).toMatchObject({ status: 403 })
    const { accessKeyId } = await s3.config.credentials()
    expect(await as({ accessKeyId, secretAccessKey: 'a guess' })).toEqual({
      code: 'SignatureDoesNotMatch',
      status: 403,
    })
  })

  test('browsers of the named origin may read, and no others', async () => {
    const Key = fresh()
    await put(Key, 'x')
    const origin = 'https://restore.example.net'
    const CORSRules = [
      { AllowedOrigins: [origin], AllowedMethods: ['GET'], AllowedHeaders: ['range'], ExposeHeaders: ['ETag'] },
    ]
    await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: 900 })
    const ask = (from: string, method: string) =>
      fetch(url, {
        method: 'OPTIONS',
        headers: {
          origin: from,
          'access-control-request-method': method,
          'access-control-request-headers': 'range',
        },
      })
    const allowed = await ask(origin, 'GET')
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, origin])
    expect((await ask(origin, 'PUT')).status).toBe(403)
    expect((await ask('https://elsewhere.example.net', 'GET')).status).toBe(403)
    const answer = await fetch(url, { headers: { origin } })
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
    expect(answer.headers.get('access-control-expose-headers')?.toLowerCase()).toBe('etag')
    await answer.text()
  })
})
