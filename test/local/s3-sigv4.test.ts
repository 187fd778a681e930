import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { GetObjectCommand, PutObjectCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Credential } from '../../shared/sigv4/credential.ts'
import { SignatureError } from '../../shared/sigv4/error.ts'
import type { SignedRequest } from '../../shared/sigv4/request.ts'
import { type Verification, verifySignature } from '../../shared/sigv4/verify.ts'
import { seed, times } from '../support/counts.ts'

const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'a secret/with+signs' }
const known = new Map<string, Credential>([
  ['AKIDTEST', { secretAccessKey: credentials.secretAccessKey, principal: 'Signer' }],
  ['ASIATEST', { secretAccessKey: 'session secret', sessionToken: 'a/token+==', principal: 'Role' }],
])
const session = { accessKeyId: 'ASIATEST', secretAccessKey: 'session secret', sessionToken: 'a/token+==' }
const access = { credential: (id: string) => known.get(id) }

/** Records what arrives over the wire, which is what the verifier sees in the stand-ins. */
let server: Server
let endpoint: string
let captured: SignedRequest & { body: string }
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const [rawPath = '', rawQuery = ''] = (request.url ?? '').split(/\?(.*)/s)
    captured = { method: request.method!, rawPath, rawQuery, headers: request.headers, body: await text(request) }
    response.end('{}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  captured = undefined as never
})
afterAll(() => void server.close())

const s3 = (as: object = credentials) =>
  new S3Client({
    region: 'eu-central-1',
    endpoint,
    forcePathStyle: true,
    credentials: as as typeof credentials,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })

const verification = (over: Partial<Verification> = {}): Verification => ({
  service: 's3',
  now: () => new Date(),
  access,
  ...over,
})

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof SignatureError) return error.code
    throw error
  }
  return 'accepted'
}
const codeFor = (request: SignedRequest, over: Partial<Verification> = {}) =>
  codeOf(() => verifySignature(request, verification(over)))
const inMinutes = (minutes: number) => () => new Date(Date.now() + minutes * 60_000)

test('a request signed by the SDK is accepted and names its principal', async () => {
  await s3().send(new PutObjectCommand({ Bucket: 'vault', Key: "packs/a b/ü'()*!+&=@:,;$~.pack", Body: 'x' }))
  const verified = verifySignature(captured, verification({ region: 'eu-central-1' }))
  expect(verified).toMatchObject({ principal: 'Signer', accessKeyId: 'AKIDTEST' })
  expect(verified.payloadHash).toBe(createHash('sha256').update('x').digest('hex'))
  expect(verified.presigned).toBeUndefined()
})

test('every key and query value that the SDK signs is accepted', async () => {
  const client = s3()
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter(key => !/^\/|(^|\/)\.{1,2}(\/|$)/.test(key)),
      fc.string({ maxLength: 30 }),
      async (key, disposition) => {
        const get = new GetObjectCommand({ Bucket: 'vault', Key: key, ResponseContentDisposition: disposition || 'a' })
        await (await client.send(get)).Body!.transformToString() // else its connection is not used again
        expect(codeFor(captured)).toBe('accepted')
      },
    ),
    { seed, numRuns: times(1000) },
  )
})

test('a presigned URL is accepted until it expires, and not before its time', async () => {
  const url = await getSignedUrl(s3(), new GetObjectCommand({ Bucket: 'vault', Key: 'a' }), { expiresIn: 900 })
  await fetch(url)
  const verified = verifySignature(captured, verification())
  expect(verified.presigned).toMatchObject({ expires: 900 })
  expect(verified.payloadHash).toBe('UNSIGNED-PAYLOAD')
  expect(codeFor(captured, { now: inMinutes(14.9) })).toBe('accepted')
  expect(codeFor(captured, { now: inMinutes(15.1) })).toBe('AccessDenied')
  expect(codeFor(captured, { now: inMinutes(-16) })).toBe('AccessDenied')
})

test('a presigned URL binds checksum and length when they are signed as headers', async () => {
  const sha256 = createHash('sha256').update('four').digest('base64')
  const url = await getSignedUrl(
    s3(),
    new UploadPartCommand({
      Bucket: 'vault',
      Key: 'a',
      UploadId: 'u',
      PartNumber: 1,
      ContentLength: 4,
      ChecksumSHA256: sha256,
    }),
    {
      expiresIn: 900,
      unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
      signableHeaders: new Set(['host', 'content-length', 'x-amz-checksum-sha256']),
    },
  )
  const put = async (body: string, checksum: string) => {
    await fetch(url, { method: 'PUT', body, headers: { 'x-amz-checksum-sha256': checksum } })
    return codeFor(captured)
  }
  expect(await put('four', sha256)).toBe('accepted')
  expect(await put('fours', sha256)).toBe('SignatureDoesNotMatch')
  expect(
    await put(
      'four',
      sha256.replace(/^./, first => (first === 'A' ? 'B' : 'A')),
    ),
  ).toBe('SignatureDoesNotMatch')
  await fetch(url, { method: 'PUT', body: 'four' })
  expect(codeFor(captured)).toBe('SignatureDoesNotMatch')
})

test('an x-amz header that was not signed is refused', async () => {
  const url = await getSignedUrl(s3(), new GetObjectCommand({ Bucket: 'vault', Key: 'a' }))
  await fetch(url, { headers: { 'x-amz-bypass-governance-retention': 'true' } })
  expect(codeFor(captured)).toBe('AccessDenied')
})

test('changing the method, path, query or a signed header breaks the signature', async () => {
  await s3().send(new GetObjectCommand({ Bucket: 'vault', Key: 'a', VersionId: '7' }))
  const headers = { ...captured.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
  const changes: Partial<SignedRequest>[] = [
    { method: 'DELETE' },
    { rawPath: '/vault/b' },
    { rawQuery: `${captured.rawQuery}&versionId=8` },
    { headers },
  ]
  for (const change of changes) expect(codeFor({ ...captured, ...change })).toBe('SignatureDoesNotMatch')
})

test('a clock more than 15 minutes off is refused', async () => {
  await s3().send(new GetObjectCommand({ Bucket: 'vault', Key: 'a' }))
  expect(codeFor(captured, { now: inMinutes(14) })).toBe('accepted')
  expect(codeFor(captured, { now: inMinutes(16) })).toBe('RequestTimeTooSkewed')
  expect(codeFor(captured, { now: inMinutes(-16) })).toBe('RequestTimeTooSkewed')
})

test('a session token is required, compared and part of both forms', async () => {
  await s3(session).send(new GetObjectCommand({ Bucket: 'vault', Key: 'a' }))
  expect(verifySignature(captured, verification()).principal).toBe('Role')
  expect(codeFor({ ...captured, headers: { ...captured.headers, 'x-amz-security-token': 'other' } })).toBe(
    'InvalidToken',
  )
  const url = await getSignedUrl(s3(session), new GetObjectCommand({ Bucket: 'vault', Key: 'a' }))
  await fetch(url)
  expect(codeFor(captured)).toBe('accepted')
  const { sessionToken: _none, ...without } = session
  await s3(without).send(new GetObjectCommand({ Bucket: 'vault', Key: 'a' }))
  expect(codeFor(captured)).toBe('InvalidToken')
})

test('an unknown key, a wrong secret, a wrong region, another service and no signature are told apart', async () => {
  const get = new GetObjectCommand({ Bucket: 'vault', Key: 'a' })
  await s3({ ...credentials, accessKeyId: 'AKIDOTHER' }).send(get)
  expect(codeFor(captured)).toBe('InvalidAccessKeyId')
  await s3({ ...credentials, secretAccessKey: 'guess' }).send(get)
  expect(codeFor(captured)).toBe('SignatureDoesNotMatch')
  await s3().send(get)
  expect(codeFor(captured, { region: 'us-east-1' })).toBe('AuthorizationHeaderMalformed')
  expect(codeFor(captured, { service: 'dynamodb' })).toBe('AuthorizationHeaderMalformed')
  const { authorization: _none, ...headers } = captured.headers
  expect(codeFor({ ...captured, headers })).toBe('MissingAuthenticationToken')
})

test('expiry must be between one second and a week', async () => {
  for (const expires of ['0', '604801', '-1', 'x']) {
    await fetch(
      `${endpoint}/vault/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDTEST%2F20260101%2Feu-central-1%2Fs3%2Faws4_request` +
        `&X-Amz-Date=20260101T000000Z&X-Amz-Expires=${expires}&X-Amz-SignedHeaders=host&X-Amz-Signature=00`,
    )
    expect(codeFor(captured)).toBe('AuthorizationQueryParametersError')
  }
})

test('DynamoDB requests are verified with the hash of the body that arrived', async () => {
  const client = new DynamoDBClient({ region: 'eu-central-1', endpoint, credentials })
  await client.send(new ListTablesCommand({ Limit: 3 }))
  const bodySha256 = createHash('sha256').update(captured.body).digest('hex')
  expect(codeFor(captured, { service: 'dynamodb', bodySha256 })).toBe('accepted')
  const other = createHash('sha256').update('{}').digest('hex')
  expect(codeFor(captured, { service: 'dynamodb', bodySha256: other })).not.toBe('accepted')
})

/** The hash that the SDK's signer wants, on node:crypto. */
class Sha256 {
  readonly #hash: Hash | Hmac
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
  }
  update(data: string | Uint8Array) {
    this.#hash.update(data)
  }
  async digest() {
    return new Uint8Array(this.#hash.digest())
  }
  reset() {}
}

test('API Gateway paths are encoded twice, as the SDK signer does', async () => {
  const signer = new SignatureV4({
    service: 'execute-api',
    region: 'eu-central-1',
    credentials,
    sha256: Sha256 as never,
  })
  const url = new URL(`${endpoint}/v1/admin/tenants/a%20b%2Fc/ü?x=1%202&a=*`)
  const signed = await signer.sign({
    method: 'GET',
    protocol: 'http:',
    hostname: url.hostname,
    port: Number(url.port),
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host },
  })
  await fetch(url, { headers: signed.headers })
  const bodySha256 = createHash('sha256').update('').digest('hex')
  expect(codeFor(captured, { service: 'execute-api', bodySha256 })).toBe('accepted')
  expect(codeFor({ ...captured, rawPath: '/v1/admin' }, { service: 'execute-api', bodySha256 })).toBe(
    'SignatureDoesNotMatch',
  )
})
