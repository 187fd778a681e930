import { spawn } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { root } from '../../infra/bundle.ts'
import { functions } from '../../infra/functions.ts'
import type { AccessControl } from '../../infra/local/access.ts'
import type { Cloud } from '../../infra/local/cloud.ts'
import { startDynamodb } from '../../infra/local/dynamodb/server.ts'
import { externalFrom } from '../../infra/local/external.ts'
import { startS3 } from '../../infra/local/s3/server.ts'
import { stackName } from '../../infra/receiver-app.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { synthesizeStack } from '../support/stack.ts'

/** SHA-256, keyed or not, as the signer wants it. */
class Digest {
  readonly #hash
  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array)
  }
  update(data: Uint8Array): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {
    throw new Error('a digest is used once')
  }
}

/** Tells what the function sees and what its role may do, with the AWS SDK that it would really use. */
const probe = `
import { createRequire } from 'node:module'
const require = createRequire('${root}package.json')
const { S3Client, PutObjectCommand, GetObjectCommand } = require('@aws-sdk/client-s3')
const { DynamoDBClient, PutItemCommand, ScanCommand } = require('@aws-sdk/client-dynamodb')
const { SNSClient, PublishCommand } = require('@aws-sdk/client-sns')
const s3 = new S3Client({ forcePathStyle: true })
const dynamodb = new DynamoDBClient()
const sns = new SNSClient()
const attempt = work => work.then(() => 'done', error => error.name)
let calls = 0
export const handler = async (event, context) => {
  const Key = 'packs/t/' + context.awsRequestId
  console.log('called ' + ++calls)
  return {
  statusCode: 200,
  body: JSON.stringify({
    iam: event.requestContext?.authorizer?.iam ?? null,
    event,
    env: process.env,
    put: await attempt(s3.send(new PutObjectCommand({ Bucket: process.env.VAULT_BUCKET, Key, Body: 'x', IfNoneMatch: '*' }))),
    putReceipt: await attempt(s3.send(new PutObjectCommand({ Bucket: process.env.VAULT_BUCKET, Key: 'meta/t/probe', Body: 'x' }))),
    get: await attempt(s3.send(new GetObjectCommand({ Bucket: process.env.VAULT_BUCKET, Key }))),
    item: await attempt(dynamodb.send(new PutItemCommand({ TableName: process.env.TABLE_NAME, Item: { PK: { S: 'p' }, SK: { S: 's' } } }))),
    publish: await attempt(sns.send(new PublishCommand({ TopicArn: process.env.NOTICE_TOPIC_ARN ?? context.invokedFunctionArn.replace(':lambda:', ':sns:'), Message: 'late' }))),
    scan: await attempt(dynamodb.send(new ScanCommand({ TableName: process.env.TABLE_NAME }))),
  }),
}}
`

let stack: Awaited<ReturnType<typeof synthesizeStack>>
beforeAll(async () => {
  stack = await synthesizeStack({
    context: { alertAddress: 'alerts@example.net' },
    sources: Object.fromEntries(functions.map(({ name }) => [name, probe])),
  })
})
afterAll(() => stack.remove())

const s3Of = ({ s3Url, region, admin }: Pick<Cloud, 's3Url' | 'region' | 'admin'>) =>
  new S3Client({ endpoint: s3Url, region, credentials: { ...admin }, forcePathStyle: true })
const dynamodbOf = ({ dynamodbUrl, region, admin }: Pick<Cloud, 'dynamodbUrl' | 'region' | 'admin'>) =>
  new DynamoDBClient({ endpoint: dynamodbUrl, region, credentials: { ...admin } })

describe('the embedded cloud', () => {
  let cloud: TestCloud
  let seconds: number
  beforeAll(async () => {
    const started = performance.now()
    cloud = await startTestCloud({ assembly: stack.directory })
    seconds = (performance.now() - started) / 1000
  })
  afterAll(() => cloud.close())

  const ask = async (path: string, method = 'GET') =>
    (await (await fetch(`${cloud.url}${path}`, { method })).json()) as {
      env: Record<string, string>
      [attempt: string]: unknown
    }

  test('starts within three seconds', () => {
    expect(seconds).toBeLessThan(3)
  })

  test('gives each function the environment that the template resolves to, and session keys of its own', async () => {
    const [agent, restore] = await Promise.all([ask('/v1/receiver'), ask('/r')])
    expect(agent!.env).toMatchObject({
      TABLE_NAME: cloud.table,
      VAULT_BUCKET: cloud.bucket,
      RECEIVER_ID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      LOCK_MODE: 'GOVERNANCE',
      AWS_ENDPOINT_URL_S3: cloud.s3Url,
      AWS_ENDPOINT_URL_DYNAMODB: cloud.dynamodbUrl,
      AWS_REGION: cloud.region,
    })
    expect(agent!.env.AWS_ACCESS_KEY_ID).toMatch(/^ASIA/)
    expect(agent!.env.AWS_ACCESS_KEY_ID).not.toBe(restore!.env.AWS_ACCESS_KEY_ID)
    expect(agent!.env, 'nothing of the host').not.toHaveProperty('PATH')
  })

  test('lets each function do in S3 and DynamoDB what its role allows and nothing else', async () => {
    const denied = 'AccessDenied'
    expect(await ask('/v1/receiver')).toMatchObject({ put: 'done', putReceipt: denied, get: denied, item: 'done' })
    expect(await ask('/v1/snapshots/x/commit', 'POST')).toMatchObject({ put: 'done', putReceipt: 'done', get: 'done' })
    expect(await ask('/r'), 'reads by version only').toMatchObject({ put: denied, putReceipt: denied, get: denied })
    expect((await ask('/v1/receiver')).scan).toBe('AccessDeniedException')
  })

  test('starts the scheduled functions, each with its own rights', async () => {
    const body = (answer: unknown) => JSON.parse((answer as { body: string }).body)
    const janitor = body(await cloud.fire('janitor'))
    expect(janitor.event).toMatchObject({ source: 'aws.events', 'detail-type': 'Scheduled Event' })
    expect(janitor).toMatchObject({ put: 'done', get: 'done', publish: 'AuthorizationErrorException' })
    expect(janitor.env).not.toHaveProperty('NOTICE_TOPIC_ARN')
    expect(await cloud.outbox()).toEqual([])
    expect(body(await cloud.fire('watchdog'))).toMatchObject({
      put: 'AccessDenied',
      publish: 'done',
      env: { AWS_ENDPOINT_URL_SNS: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/) },
    })
    expect(await cloud.outbox()).toMatchObject([
      {
        message: 'late',
        publisher: expect.stringMatching(/:role\/.*watchdogRole/),
        deliveries: [{ protocol: 'email', endpoint: 'alerts@example.net', text: 'late' }],
      },
    ])
  })

  test('keeps what a function prints in a file of its own', async () => {
    await ask('/r')
    const log = (await readdir(cloud.logs)).find(name => name.startsWith('restoreapiFunction'))!
    await vi.waitFor(async () => expect(await readFile(join(cloud.logs, log), 'utf8')).toMatch(/^called 1$/m))
  })

  test('accepts no credential but those it gave out', async () => {
    const foreign = { ...cloud, admin: { ...cloud.admin, secretAccessKey: 'guessed' } }
    await expect(
      s3Of(foreign).send(new GetObjectCommand({ Bucket: cloud.bucket, Key: 'packs/t/probe' })),
    ).rejects.toThrow(expect.objectContaining({ name: 'SignatureDoesNotMatch' }))
    await expect(dynamodbOf(foreign).send(new ScanCommand({ TableName: cloud.table }))).rejects.toThrow()
    expect((await fetch(`${cloud.s3Url}/${cloud.bucket}/packs/t/probe`)).status).toBe(403)
  })

  test('wants a signature of the provider for the admin API', async () => {
    expect((await fetch(`${cloud.url}/v1/admin/tenants`)).status).toBe(403)
    const sign = async (secretAccessKey: string) => {
      const { url, region, accessKeyId } = JSON.parse(await readFile(join(cloud.directory, 'admin.json'), 'utf8'))
      const signer = new SignatureV4({
        service: 'execute-api',
        region,
        credentials: { accessKeyId, secretAccessKey },
        sha256: Digest,
      })
      const { host, hostname, port, protocol } = new URL(url)
      const body = '{"tenant":"acme"}'
      const { headers } = await signer.sign({
        method: 'POST',
        protocol,
        hostname,
        port: Number(port),
        path: '/v1/admin/tenants/acme%20co',
        query: { state: 'a b' },
        headers: { host, 'content-type': 'application/json' },
        body,
      })
      return fetch(`${url}/v1/admin/tenants/acme%20co?state=a%20b`, { method: 'POST', headers, body })
    }
    const accepted = await sign(cloud.admin.secretAccessKey)
    expect(accepted.status).toBe(200)
    expect(await accepted.json()).toMatchObject({ iam: { accessKey: cloud.admin.accessKeyId } })
    expect((await sign('guessed')).status).toBe(403)
  })

  test('lets the restore page read from the vault in a browser, and no other page', async () => {
    const preflight = (origin: string) =>
      fetch(`${cloud.s3Url}/${cloud.bucket}/packs/t/probe`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'range' },
      })
    const own = await preflight(cloud.url)
    expect(own.status).toBe(200)
    expect(own.headers.get('access-control-allow-origin')).toBe(cloud.url)
    expect((await preflight('http://evil.example')).status).toBe(403)
  })

  test('keeps the credentials from other users of the machine', async () => {
    expect((await stat(cloud.directory)).mode & 0o777).toBe(0o700)
    for (const name of ['admin.json', 'cloud.json'])
      expect((await stat(join(cloud.directory, name))).mode & 0o777, name).toBe(0o600)
    for (const name of await readdir(cloud.logs))
      expect(await readFile(join(cloud.logs, name), 'utf8')).not.toContain(cloud.admin.secretAccessKey)
  })

  test('refuses a second run of the same directory with what to do', async () => {
    await expect(startTestCloud({ assembly: stack.directory, directory: cloud.directory })).rejects.toMatchObject({
      code: 'port-in-use',
      fix: expect.stringContaining('--directory'),
    })
    expect((await ask('/r')).get).toBeDefined()
  })
})

test('one clock: a lock ends and a signature ages when the clock of the cloud is moved', async () => {
  let ahead = 0
  const now = () => new Date(Date.now() + ahead)
  const cloud = await startTestCloud({ assembly: stack.directory, now })
  const day = 86_400_000
  try {
    const client = () => {
      const s3 = s3Of(cloud)
      s3.config.systemClockOffset = ahead
      return s3
    }
    const Bucket = cloud.bucket
    const Key = 'packs/t/locked'
    const { VersionId } = await client().send(new PutObjectCommand({ Bucket, Key, Body: 'x', IfNoneMatch: '*' }))
    const Retention = { Mode: 'COMPLIANCE' as const, RetainUntilDate: new Date(Date.now() + day) }
    await client().send(new PutObjectRetentionCommand({ Bucket, Key, VersionId, Retention }))
    await expect(client().send(new DeleteObjectCommand({ Bucket, Key, VersionId }))).rejects.toThrow()
    const url = await getSignedUrl(client(), new GetObjectCommand({ Bucket, Key }), { expiresIn: 3600 })
    expect((await fetch(url)).status).toBe(200)
    ahead = 17 * 60_000
    expect((await fetch(url)).status, 'the bucket policy ends it before its own expiry').toBe(403)
    ahead = 2 * day
    const answer = (await (await fetch(`${cloud.url}/v1/snapshots/x/commit`, { method: 'POST' })).json()) as {
      get: string
    }
    expect(answer.get, 'functions sign with the same clock').toBe('done')
    await client().send(new DeleteObjectCommand({ Bucket, Key, VersionId }))
  } finally {
    await cloud.close()
  }
})

test('rules fire by themselves when the clock of the cloud comes to their time', async () => {
  let clock = new Date('2026-11-22T10:04:00Z')
  const cloud = await startTestCloud({ assembly: stack.directory, now: () => clock, timer: true })
  try {
    const calls = async (name: string) => {
      const log = (await readdir(cloud.logs)).find(file => file.startsWith(`${name}Function`))!
      return (await readFile(join(cloud.logs, log), 'utf8')).match(/^called/gm)?.length ?? 0
    }
    expect([await calls('watchdog'), await calls('janitor')]).toEqual([0, 0])
    clock = new Date('2026-11-22T10:05:00Z')
    await vi.waitFor(async () => expect(await calls('watchdog')).toBe(1), { timeout: 10_000 })
    clock = new Date('2026-11-22T10:15:00Z')
    await vi.waitFor(async () => expect(await calls('janitor')).toBe(1), { timeout: 10_000 })
    // One that is due while the one before still runs is dropped: a later one comes through.
    const later = async () => {
      clock = new Date(clock.getTime() + 5 * 60_000)
      expect(await calls('watchdog')).toBeGreaterThan(1)
    }
    await vi.waitFor(later, { timeout: 20_000, interval: 1000 })
  } finally {
    await cloud.close()
  }
})

test('a cloud that is started again has its messages, and tells of more under the same address', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-again-'))
  try {
    const addresses = new Set<string>()
    for (const times of [1, 2]) {
      const cloud = await startTestCloud({ assembly: stack.directory, directory })
      try {
        const { env } = JSON.parse(((await cloud.fire('watchdog')) as { body: string }).body)
        addresses.add(env.AWS_ENDPOINT_URL_SNS)
        expect(await cloud.outbox()).toHaveLength(times)
      } finally {
        await cloud.close()
      }
    }
    expect(addresses.size).toBe(1)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('a stack for another region runs there', async () => {
  const elsewhere = await synthesizeStack({
    context: { region: 'eu-central-1', stage: 'test' },
    sources: { 'restore-api': probe },
  })
  try {
    const cloud = await startTestCloud({ assembly: elsewhere.directory })
    try {
      const answer = await (await fetch(`${cloud.url}/r`)).json()
      expect(answer).toMatchObject({ item: 'done', env: { AWS_REGION: 'eu-central-1' } })
      expect(cloud).toMatchObject({ region: 'eu-central-1', table: expect.stringMatching(/^FailSafeReceiver-test-/) })
    } finally {
      await cloud.close()
    }
  } finally {
    await elsewhere.remove()
  }
})

test('a template with something unknown is not run in part: nothing is left behind', async () => {
  const assembly = await mkdtemp(join(tmpdir(), 'failsafe-unknown-'))
  try {
    await cp(stack.directory, assembly, { recursive: true })
    const file = join(assembly, `${stackName}.template.json`)
    const template = JSON.parse(await readFile(file, 'utf8'))
    template.Resources.Queue = { Type: 'AWS::SQS::Queue', Properties: {} }
    await writeFile(file, JSON.stringify(template))
    const directory = join(assembly, 'cloud')
    const port = 20_000 + (process.pid % 9000)
    await expect(startTestCloud({ assembly, directory, port })).rejects.toThrow(/does not know .* AWS::SQS::Queue/)
    expect(await readdir(directory)).toEqual(['logs'])
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
  } finally {
    await rm(assembly, { recursive: true, force: true })
  }
})

test('runs on an S3 and a DynamoDB of the operator, and makes bucket and table there', async () => {
  const credentials = { accessKeyId: 'OPERATOR', secretAccessKey: 'of-the-operator' }
  const access: AccessControl = {
    credential: id => (id === credentials.accessKeyId ? { ...credentials, principal: 'operator' } : undefined),
    authorize: () => ({ allowed: true }),
  }
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-external-'))
  const s3 = await startS3({ directory: join(directory, 's3'), access })
  const dynamodb = await startDynamodb({ directory: join(directory, 'dynamodb'), access })
  try {
    for (const start of ['first', 'again']) {
      const external = { s3Url: s3.url, dynamodbUrl: dynamodb.url, credentials }
      const cloud = await startTestCloud({ assembly: stack.directory, external, directory: join(directory, 'cloud') })
      try {
        const answer = await (await fetch(`${cloud.url}/v1/receiver`)).json()
        expect(answer, start).toMatchObject({ put: 'done', item: 'done', env: { AWS_ENDPOINT_URL_S3: s3.url } })
        expect(await readdir(cloud.directory)).not.toContain('s3')
      } finally {
        await cloud.close()
      }
    }
  } finally {
    await s3.close()
    await dynamodb.close()
    await rm(directory, { recursive: true, force: true })
  }
})

test.each([
  [{}, undefined],
  [{ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }, undefined],
  [
    { AWS_ENDPOINT_URL_S3: 'http://s3', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
    { s3Url: 'http://s3', dynamodbUrl: undefined, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
  ],
])('the environment %j names the servers %j', (environment, expected) => {
  expect(externalFrom(environment)).toEqual(expected)
})

test('a server of the operator without credentials is refused', () => {
  expect(() => externalFrom({ AWS_ENDPOINT_URL_DYNAMODB: 'http://d' })).toThrow(/no credentials/)
})

describe('as a process', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'failsafe-local-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  /** Starts `npm run local` and waits until it says that it runs. */
  async function start() {
    const child = spawn(
      process.execPath,
      [join(root, 'infra/local/main.ts'), '--directory', directory, '--assembly', stack.directory],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (output += text))
    const exited = new Promise<number | null>(resolve => child.on('exit', resolve))
    while (!output.includes('Ctrl+C')) {
      if (child.exitCode !== null) throw new Error(output)
      await sleep(20)
    }
    const { url, region, ...admin } = JSON.parse(await readFile(join(directory, 'admin.json'), 'utf8'))
    const cloud = {
      url,
      region,
      admin,
      s3Url: /S3 +(\S+)/.exec(output)![1]!,
      dynamodbUrl: /DynamoDB +(\S+)/.exec(output)![1]!,
      bucket: /bucket (\S+)\)/.exec(output)![1]!,
      table: /table (\S+)\)/.exec(output)![1]!,
      logs: /logs +(\S+)/.exec(output)![1]!,
      outboxDirectory: /outbox +(\S+)/.exec(output)![1]!,
    }
    return { child, exited, cloud, output }
  }

  test('keeps address, credentials, objects and items over kill -9, and ends cleanly on SIGTERM', async () => {
    const first = await start()
    expect(first.output).toContain(first.cloud.url)
    const { bucket: Bucket, table: TableName } = first.cloud
    for (let n = 0; n < 20; n++)
      await dynamodbOf(first.cloud).send(
        new PutItemCommand({ TableName, Item: { PK: { S: 'kept' }, SK: { S: String(n).padStart(2, '0') } } }),
      )
    await s3Of(first.cloud).send(
      new PutObjectCommand({ Bucket, Key: 'packs/t/kept', Body: 'content', IfNoneMatch: '*' }),
    )
    first.child.kill('SIGKILL')
    await first.exited

    const second = await start()
    expect(second.cloud).toEqual(first.cloud)
    const items = await dynamodbOf(second.cloud).send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'PK = :pk',
        ExpressionAttributeValues: { ':pk': { S: 'kept' } },
      }),
    )
    expect(items.Items).toHaveLength(20)
    const object = await s3Of(second.cloud).send(new GetObjectCommand({ Bucket, Key: 'packs/t/kept' }))
    expect(await object.Body!.transformToString()).toBe('content')
    const receiver = (await (await fetch(`${second.cloud.url}/v1/receiver`)).json()) as { put: string }
    expect(receiver.put).toBe('done')
    second.child.kill('SIGTERM')
    expect(await second.exited).toBe(0)
    await expect(fetch(second.cloud.url)).rejects.toThrow()

    const third = await start()
    const item = await dynamodbOf(third.cloud).send(
      new GetItemCommand({ TableName, Key: { PK: { S: 'p' }, SK: { S: 's' } } }),
    )
    expect(item.Item, 'what a function wrote').toBeDefined()
    third.child.kill('SIGINT')
    expect(await third.exited).toBe(0)
  })

  test('says in one line why it cannot start', async () => {
    const child = spawn(process.execPath, [
      join(root, 'infra/local/main.ts'),
      '--directory',
      '/dev/null/x',
      '--assembly',
      stack.directory,
    ])
    let output = ''
    child.stderr.on('data', text => (output += text))
    expect(await new Promise(resolve => child.on('exit', resolve))).toBe(1)
    expect(output.trim().split('\n')).toHaveLength(1)
  })
})
