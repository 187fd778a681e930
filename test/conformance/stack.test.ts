import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ObjectLockRetentionMode,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectRetentionCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { packKey } from '../../lambdas/vault/keys.ts'
import { openVault } from '../../lambdas/vault/vault.ts'
import { newUlid } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import {
  backUp,
  commit,
  enrolAgent,
  fullEntry,
  logEntry,
  open,
  putPart,
  registerSource,
  stage,
  type TestAgent,
  windowOf,
} from '../receiver/agent.ts'
import { answerOf, ok, type Reachable, requestOf, sha256 } from '../receiver/support.ts'
import { openStack, type StackUnderTest } from './stack-endpoint.ts'

/**
 * What a deployed receiver must do and refuse, checked from outside with the provider's credentials: `npm run conformance -- --stack NAME`.
 * Without a name it runs against the embedded cloud. It works under names of its own (keys and items that begin with `conformance/`, a
 * tenant of its own), locks for seconds, removes what it can, and says what is left.
 */
let stack: StackUnderTest
let s3: S3Client
let items: DynamoDBDocumentClient
let iam: IAMClient
const run = newUlid().toLowerCase()
const prefix = `conformance/${run}/`

beforeAll(async () => {
  stack = await openStack()
  const { region } = stack
  s3 = openVault(stack.bucket, { region }).client
  items = DynamoDBDocumentClient.from(new DynamoDBClient({ region }))
  iam = new IAMClient({ region })
})

afterAll(async () => {
  if (!stack) return
  try {
    await tidyUp()
    if (stack.leftBehind.length > 0)
      console.log(`Left behind:\n${stack.leftBehind.map(line => `- ${line}`).join('\n')}`)
  } finally {
    await stack.close()
  }
})

/** Removes every version that this run made outside of the receiver. */
async function tidyUp(): Promise<void> {
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: stack.bucket, Prefix: prefix }))
  for (const { Key, VersionId } of Versions)
    await s3
      .send(new DeleteObjectCommand({ Bucket: stack.bucket, Key, VersionId, BypassGovernanceRetention: true }))
      .catch(error => stack.leftBehind.push(`version ${VersionId} of ${Key}: ${error.name}`))
}

const keyOf = (name: string) => `${prefix}${name}`
const put = (name: string, Body: Uint8Array | string, more: Partial<PutObjectCommandInput> = {}) =>
  s3.send(new PutObjectCommand({ Bucket: stack.bucket, Key: keyOf(name), Body, ChecksumAlgorithm: 'SHA256', ...more }))
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => 'accepted',
    (error: Error) => error.name,
  )

describe('the vault', () => {
  test('keeps every version, and gives each back by its id', async () => {
    const [first, second] = [await put('twice', 'one'), await put('twice', 'two')]
    expect(first.VersionId).toBeTypeOf('string')
    expect(first.VersionId).not.toBe(second.VersionId)
    const old = await s3.send(
      new GetObjectCommand({ Bucket: stack.bucket, Key: keyOf('twice'), VersionId: first.VersionId }),
    )
    expect(await old.Body!.transformToString()).toBe('one')
  })

  test('does not overwrite where nothing may be', async () => {
    await put('once', 'one')
    expect(await refusal(put('once', 'two', { IfNoneMatch: '*' }))).toBe('PreconditionFailed')
  })

  test('composes the SHA-256 of an upload from those of its parts, and refuses wrong ones', async () => {
    const Key = keyOf('upload')
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({ Bucket: stack.bucket, Key, ChecksumAlgorithm: 'SHA256' }),
    )
    const parts = [randomBytes(5 * 1024 * 1024), randomBytes(1000)]
    const sums = parts.map(part => sha256(part))
    const wrong = new UploadPartCommand({
      Bucket: stack.bucket,
      Key,
      UploadId,
      PartNumber: 1,
      Body: parts[1],
      ChecksumSHA256: sums[0],
    })
    expect(await refusal(s3.send(wrong))).not.toBe('accepted')
    const Parts = []
    for (const [i, Body] of parts.entries()) {
      const part = { Bucket: stack.bucket, Key, UploadId, PartNumber: i + 1, Body, ChecksumSHA256: sums[i] }
      const { ETag } = await s3.send(new UploadPartCommand(part))
      Parts.push({ PartNumber: i + 1, ETag, ChecksumSHA256: sums[i] })
    }
    const complete = { Bucket: stack.bucket, Key, UploadId, MultipartUpload: { Parts } }
    await s3.send(new CompleteMultipartUploadCommand({ ...complete, IfNoneMatch: '*' }))
    const head = await s3.send(new HeadObjectCommand({ Bucket: stack.bucket, Key, ChecksumMode: 'ENABLED' }))
    const composite = sha256(Buffer.concat(sums.map(sum => Buffer.from(sum, 'base64'))))
    expect(head.ChecksumSHA256).toBe(`${composite}-2`)
    expect(head.ContentLength).toBe(parts[0]!.length + 1000)
  })

  test('refuses a signature that is older than the ceiling of its policy, whoever made it', async () => {
    await put('old', 'x')
    const command = new GetObjectCommand({ Bucket: stack.bucket, Key: keyOf('old') })
    const signedAgo = (minutes: number) =>
      getSignedUrl(s3, command, { expiresIn: 3600, signingDate: new Date(Date.now() - minutes * 60_000) })
    expect((await fetch(await signedAgo(0))).status).toBe(200)
    expect((await fetch(await signedAgo(14))).status).toBe(200)
    expect((await fetch(await signedAgo(17))).status).toBe(403)
  })

  test('refuses an expired URL', async () => {
    await put('expired', 'x')
    const command = new GetObjectCommand({ Bucket: stack.bucket, Key: keyOf('expired') })
    const url = await getSignedUrl(s3, command, { expiresIn: 60, signingDate: new Date(Date.now() - 120_000) })
    expect((await fetch(url)).status).toBe(403)
  })
})

describe.each(['GOVERNANCE', 'COMPLIANCE'] as const)('a %s lock', mode => {
  test('outlasts its owner: no delete, no shortening; longer is allowed', async () => {
    const name = `locked-${mode.toLowerCase()}`
    const until = new Date(Date.now() + stack.lockSeconds * 1000)
    const { VersionId } = await put(name, 'x', { ObjectLockMode: mode, ObjectLockRetainUntilDate: until })
    const version = { Bucket: stack.bucket, Key: keyOf(name), VersionId }
    const lock = (date: Date, how: ObjectLockRetentionMode = mode, bypass?: true) =>
      refusal(
        s3.send(
          new PutObjectRetentionCommand({
            ...version,
            Retention: { Mode: how, RetainUntilDate: date },
            ...(bypass ? { BypassGovernanceRetention: true } : {}),
          }),
        ),
      )
    const longer = new Date(until.getTime() + 1000)
    expect(await refusal(s3.send(new DeleteObjectCommand(version)))).toBe('AccessDenied')
    expect(await lock(longer)).toBe('accepted')
    expect(await lock(until)).toBe('AccessDenied')
    if (mode === 'COMPLIANCE') {
      expect(await lock(until, mode, true)).toBe('AccessDenied')
      expect(await lock(longer, 'GOVERNANCE', true)).toBe('AccessDenied')
      expect(await refusal(s3.send(new DeleteObjectCommand({ ...version, BypassGovernanceRetention: true })))).toBe(
        'AccessDenied',
      )
      await sleep(Math.max(0, longer.getTime() + 1000 - Date.now()))
    }
    expect(await refusal(s3.send(new DeleteObjectCommand({ ...version, BypassGovernanceRetention: true })))).toBe(
      'accepted',
    )
  })
})

describe('the catalogue', () => {
  const key = (SK: string) => ({ PK: `conformance/${run}`, SK })
  const ttl = Math.floor(Date.now() / 1000) + 3600
  const write = (SK: string, more: object = {}) => ({ TableName: stack.table, Item: { ...key(SK), ttl, ...more } })
  const absent = { ConditionExpression: 'attribute_not_exists(PK)' }
  afterAll(async () => {
    for (const SK of ['one', 'two', 'three'])
      await items.send(new DeleteCommand({ TableName: stack.table, Key: key(SK) }))
  })

  test('writes once where nothing may be, and reads what was written at once', async () => {
    await items.send(new PutCommand({ ...write('one', { n: 1 }), ...absent }))
    expect(await refusal(items.send(new PutCommand({ ...write('one'), ...absent })))).toBe(
      'ConditionalCheckFailedException',
    )
    const { Item } = await items.send(new GetCommand({ TableName: stack.table, Key: key('one'), ConsistentRead: true }))
    expect(Item).toEqual({ ...key('one'), ttl, n: 1 })
  })

  test('does all of a transaction or nothing', async () => {
    const both = [{ Put: write('two') }, { Put: { ...write('one'), ...absent } }]
    expect(await refusal(items.send(new TransactWriteCommand({ TransactItems: both })))).toBe(
      'TransactionCanceledException',
    )
    const { Item } = await items.send(new GetCommand({ TableName: stack.table, Key: key('two'), ConsistentRead: true }))
    expect(Item).toBeUndefined()
  })

  test('lists what has a time by it, and nothing else', async () => {
    const gpk = `conformance/${run}`
    await items.send(new PutCommand(write('two', { gpk, gsk: '2026-11-22' })))
    await items.send(new PutCommand(write('three', { gpk, gsk: '2026-11-23' })))
    await items.send(
      new UpdateCommand({ TableName: stack.table, Key: key('three'), UpdateExpression: 'REMOVE gpk, gsk' }),
    )
    const query = new QueryCommand({
      TableName: stack.table,
      IndexName: 'by-time',
      KeyConditionExpression: 'gpk = :gpk AND gsk <= :until',
      ExpressionAttributeValues: { ':gpk': gpk, ':until': '2026-12' },
    })
    await expect
      .poll(async () => (await items.send(query)).Items?.map(({ SK }) => SK), { timeout: 10_000 })
      .toEqual(['two'])
  })
})

describe('a role', () => {
  const inVault = (key: string) => `arn:${stack.partition}:s3:::${stack.bucket}/${key}`
  const table = () => `arn:${stack.partition}:dynamodb:${stack.region}:${stack.account}:table/${stack.table}`
  async function may(role: string, action: string, resource: string): Promise<boolean> {
    const simulation = { PolicySourceArn: stack.roles.get(role)!, ActionNames: [action], ResourceArns: [resource] }
    const { EvaluationResults = [] } = await iam.send(new SimulatePrincipalPolicyCommand(simulation))
    expect(EvaluationResults).toHaveLength(1)
    return EvaluationResults[0]!.EvalDecision === 'allowed'
  }
  const pack = 'packs/t/s/s.x/0001.pack'
  const receipt = 'meta/t/s/s.x/commit.json'

  test('is there for every function', () => {
    expect([...stack.roles.keys()]).toEqual(expect.arrayContaining(['agentapi', 'committer', 'restoreapi', 'adminapi']))
  })

  test('that answers agents can upload, and can neither read nor remove nor lock', async () => {
    expect(await may('agentapi', 's3:PutObject', inVault(pack))).toBe(true)
    for (const action of ['GetObject', 'GetObjectVersion', 'DeleteObject', 'DeleteObjectVersion', 'PutObjectRetention'])
      expect(await may('agentapi', `s3:${action}`, inVault(pack)), action).toBe(false)
    expect(await may('agentapi', 's3:PutObject', inVault(receipt))).toBe(false)
  })

  test('that restores can read packs by version, and write none', async () => {
    expect(await may('restoreapi', 's3:GetObjectVersion', inVault(pack))).toBe(true)
    for (const action of ['PutObject', 'PutObjectRetention', 'DeleteObject', 'DeleteObjectVersion'])
      for (const key of [pack, receipt])
        expect(await may('restoreapi', `s3:${action}`, inVault(key)), action).toBe(false)
  })

  test('that commits can lock, and remove nothing', async () => {
    expect(await may('committer', 's3:PutObjectRetention', inVault(pack))).toBe(true)
    for (const action of ['DeleteObject', 'DeleteObjectVersion', 'BypassGovernanceRetention'])
      expect(await may('committer', `s3:${action}`, inVault(pack)), action).toBe(false)
  })

  test('of no function but the janitor removes a version, and of none gets round a lock or changes the vault and its policy', async () => {
    for (const role of stack.roles.keys()) {
      if (role !== 'janitor') expect(await may(role, 's3:DeleteObjectVersion', inVault(pack)), role).toBe(false)
      for (const action of ['BypassGovernanceRetention', 'DeleteObject', 'PutObjectAcl'])
        expect(await may(role, `s3:${action}`, inVault(pack)), `${role} ${action}`).toBe(false)
      const bucket = `arn:${stack.partition}:s3:::${stack.bucket}`
      for (const action of ['PutBucketPolicy', 'DeleteBucket', 'PutLifecycleConfiguration'])
        expect(await may(role, `s3:${action}`, bucket), `${role} ${action}`).toBe(false)
    }
  })

  test('reaches no other bucket and no other table, and no table goes away', async () => {
    for (const role of stack.roles.keys()) {
      expect(await may(role, 's3:PutObject', `arn:${stack.partition}:s3:::another-bucket/${pack}`), role).toBe(false)
      expect(await may(role, 'dynamodb:GetItem', `${table()}-other`), role).toBe(false)
      expect(await may(role, 'dynamodb:DeleteTable', table()), role).toBe(false)
      expect(await may(role, 'sts:AssumeRole', '*'), role).toBe(false)
      expect(await may(role, 'iam:PassRole', '*'), role).toBe(false)
    }
  })
})

describe('a host', () => {
  let receiver: Reachable
  let agent: TestAgent
  let source: string
  const tenant = `conformance-${run.slice(0, 26)}`
  const at = '2026-11-22T14:00:00Z'

  beforeAll(async () => {
    receiver = await reachStack(stack)
    await receiver.admin('POST', '/v1/admin/tenants', { tenant, name: 'Conformance', minimumDays: 1 })
    stack.leftBehind.push(`tenant ${tenant}, with one source and one agent, which is revoked`)
    agent = await enrolAgent(receiver, tenant)
    source = await registerSource(agent, 'conformance')
  })
  afterAll(async () => {
    if (agent) ok(await receiver.admin('POST', `/v1/admin/agents/${agent.id}/revoke`, {}))
  })

  test('backs up, and what was committed is locked and comes back byte for byte', async () => {
    const full = await backUp(agent, source, 'full', [fullEntry('a', 10, at)])
    stack.leftBehind.push(
      `snapshot ${full.snapshot} (${Buffer.concat(full.parts).length} bytes), locked until ${full.lockedUntil}`,
    )
    const log = await backUp(agent, source, 'log', [logEntry('a', 10, 20, at, '2026-11-22T14:10:00Z')])
    stack.leftBehind.push(
      `snapshot ${log.snapshot} (${Buffer.concat(log.parts).length} bytes), locked until ${log.lockedUntil}`,
    )
    const manifest = ok(await agent.call('POST', '/v1/restore-manifests', { source }))
    const packs = [full, log].map(({ snapshot }) => ({ snapshot, pack: 1 }))
    const { urls } = ok(await agent.call('POST', `/v1/restore-manifests/${manifest.id}/urls`, { packs }))
    for (const [i, { parts }] of [full, log].entries()) {
      const response = await fetch(urls[i].url)
      expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.concat(parts))).toBe(true)
    }
    for (const { snapshot } of [full, log]) {
      const Prefix = packKey({ tenant, snapshot }, 1)
      const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: stack.bucket, Prefix }))
      expect(Versions).toHaveLength(1)
      const { Key, VersionId } = Versions[0]!
      expect(await refusal(s3.send(new DeleteObjectCommand({ Bucket: stack.bucket, Key, VersionId })))).toBe(
        'AccessDenied',
      )
    }
  })

  test('can put with its URL exactly the bytes that it named, and do nothing else with it', async () => {
    const opened = await open(agent, source)
    const [part, other] = [randomBytes(2000), randomBytes(2000)]
    const { urls } = ok(
      await agent.call('POST', `/v1/snapshots/${opened.snapshot}/parts`, {
        lease: opened.lease.token,
        parts: windowOf([part]),
      }),
    )
    const { url, headers } = urls[0]
    expect(new URL(url).searchParams.has('x-amz-checksum-sha256')).toBe(false)
    const status = async (answer: Promise<Response>) => (await answer).status
    expect(await status(putPart(url, headers, other))).toBeGreaterThanOrEqual(400)
    expect(await status(putPart(url, { ...headers, 'x-amz-checksum-sha256': sha256(other) }, other))).toBe(403)
    expect(await status(putPart(url, headers, part.subarray(1)))).toBe(403)
    expect(await status(fetch(url, { method: 'PUT', body: part }))).toBe(403)
    expect(
      await status(
        fetch(`${url}&x-amz-checksum-sha256=${encodeURIComponent(sha256(other))}`, { method: 'PUT', body: other }),
      ),
    ).toBe(403)
    for (const method of ['GET', 'HEAD', 'DELETE', 'POST'])
      expect(await status(fetch(url, { method })), method).toBe(403)
    expect(await status(putPart(url.replace('partNumber=1', 'partNumber=2'), headers, part))).toBe(403)
    expect(await status(putPart(url, headers, part))).toBe(200)
    ok(await agent.call('DELETE', `/v1/snapshots/${opened.snapshot}?lease=${opened.lease.token}`))
  })

  test('is refused a manifest that does not match what is in the vault', async () => {
    const opened = await open(agent, source)
    const staged = await stage(agent, opened, [fullEntry('a', 30, at)])
    expect((await commit(agent, staged)).status).toBeGreaterThanOrEqual(400)
    ok(await agent.call('DELETE', `/v1/snapshots/${opened.snapshot}?lease=${opened.lease.token}`))
  })

  test('without a proof learns who answers, and nothing else; the provider needs an AWS signature', async () => {
    expect((await receiver.send(requestOf('GET', '/v1/sources'))).body.code).toBe('proof-invalid')
    expect((await fetch(`${stack.url}/v1/admin/tenants`)).status).toBe(403)
  })
})

/** The receiver at its address, with the provider's credentials for the admin API. */
async function reachStack({ url, admin }: StackUnderTest): Promise<Reachable> {
  const send = async (request: Request) => {
    const { pathname, search } = new URL(request.url)
    const body = Buffer.from(await request.arrayBuffer())
    const { method, headers } = request
    return answerOf(await fetch(url + pathname + search, { method, headers, body: body.length > 0 ? body : null }))
  }
  const { receiver: id } = ok(await send(requestOf('GET', '/v1/receiver')))
  return {
    id,
    get clock() {
      return { now: new Date() }
    },
    send,
    async admin(method, target, body) {
      const answer = await admin.call(method, target, z.unknown(), body).catch((error: unknown) => {
        if (error instanceof ProblemError) return error
        throw error
      })
      const [status, content] = answer instanceof ProblemError ? [answer.status, answer.toDocument()] : [200, answer]
      return { status, body: content, text: JSON.stringify(content), headers: new Headers() }
    },
  }
}
