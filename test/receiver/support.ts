import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import type { AccessControl } from '../../infra/local/access.ts'
import { startDynamodb } from '../../infra/local/dynamodb/server.ts'
import type { Intercept } from '../../infra/local/s3/fault.ts'
import { startS3 } from '../../infra/local/s3/server.ts'
import { adminApi } from '../../lambdas/admin-api/app.ts'
import { agentApi } from '../../lambdas/agent-api/app.ts'
import { byTimeIndex } from '../../lambdas/catalogue/by-time.ts'
import { openTable, type Table } from '../../lambdas/catalogue/table.ts'
import { commitVault } from '../../lambdas/commit/commit-vault.ts'
import type { CommitVault } from '../../lambdas/commit/ports.ts'
import { committer } from '../../lambdas/committer/app.ts'
import { consoleApi } from '../../lambdas/console-api/app.ts'
import { Environment } from '../../lambdas/http/environment.ts'
import type { Log, Ports, RequestLine } from '../../lambdas/http/ports.ts'
import { rebuildVault } from '../../lambdas/rebuild/rebuild-vault.ts'
import { restoreApi } from '../../lambdas/restore-api/app.ts'
import { type PageFiles, pageFile } from '../../lambdas/restore-page/files.ts'
import { createUpload } from '../../lambdas/vault/create-upload.ts'
import { listParts } from '../../lambdas/vault/list-parts.ts'
import { downloadOrigin, signDownload } from '../../lambdas/vault/sign-download.ts'
import { signPart } from '../../lambdas/vault/sign-part.ts'
import { openVault, type Vault } from '../../lambdas/vault/vault.ts'
import { Problem } from '../../shared/problem.ts'
import { withoutConnection } from './without-connection.ts'

export const receiverId = 'test-receiver'
export const credentials = { accessKeyId: 'AKIATESTRECEIVER', secretAccessKey: 'not-a-secret-of-anybody' }
export const bucket = 'vault'
const region = 'us-east-1'

/** Everyone with the key may do everything: what each function may do is tested with the stack. */
export const allowAll: AccessControl = {
  credential: id =>
    id === credentials.accessKeyId ? { secretAccessKey: credentials.secretAccessKey, principal: 'test' } : undefined,
  authorize: () => ({ allowed: true }),
}

export interface Answer {
  status: number
  body: any
  text: string
  headers: Headers
}

/** As much of a receiver as an agent needs: in this process, or behind an address. */
export interface Reachable {
  id: string
  clock: { now: Date }
  send(request: Request): Promise<Answer>
  /** Signed by the provider. */
  admin(method: string, target: string, body?: unknown): Promise<Answer>
}

export interface TestReceiver extends Reachable, AsyncDisposable {
  /** @param address that API Gateway saw it come from */
  send(request: Request, address?: string): Promise<Answer>
  /** The receiver's clock. It starts at the real time, because S3 and presigned URLs go by that. */
  clock: { now: Date; advance(seconds: number): void }
  ports: Ports
  vault: Vault
  s3: S3Client
  s3Url: string
  /** Set to make a fault of the receiver's next calls; see `faults.ts`. */
  seams: {
    table: (table: Table) => Table
    vault: (vault: CommitVault) => CommitVault
    intercept?: Intercept | undefined
  }
  logged: { lines: RequestLine[]; failures: unknown[] }
}

/** Stands in for the bundled page, which is tested where it is bundled. */
const testPage: PageFiles = {
  names: {
    ...{ script: 'main-1.js', imports: [], style: 'main-1.css', worker: 'worker-1.js' },
    console: { script: 'console-1.js', imports: [], style: 'console-1.css' },
  },
  files: new Map(['main-1.css', 'saving.js'].map(name => [name, pageFile('.css', `/* ${name} */`)])),
}

const committerPaths = /\/(complete|commit)$/
const consolePaths = /^\/v1\/console(\/|$)/
const restorePaths = /^\/(r$|r\/|console$|v1\/(link$|link\/uses$|restore-manifests|sources\/[^/]+\/(timeline|plan)))/

/** The five functions as their handlers would wire them, on the stand-ins of S3 and DynamoDB. */
export async function startReceiver(env: Partial<Environment> = {}): Promise<TestReceiver> {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-receiver-'))
  const seams: TestReceiver['seams'] = { table: table => table, vault: vault => vault }
  const s3Server = await startS3({
    directory: join(directory, 's3'),
    durable: false,
    access: allowAll,
    intercept: request => seams.intercept?.(request),
  })
  s3Server.createBucket(bucket, { objectLock: true })
  const dynamodb = await startDynamodb({ directory: join(directory, 'dynamodb'), durable: false, access: allowAll })
  await dynamodb.createTable(
    {
      TableName: 'catalogue',
      AttributeDefinitions: ['PK', 'SK', 'gpk', 'gsk'].map(AttributeName => ({
        AttributeName,
        AttributeType: 'S' as const,
      })),
      KeySchema: [
        { AttributeName: 'PK', KeyType: 'HASH' },
        { AttributeName: 'SK', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: byTimeIndex,
          KeySchema: [
            { AttributeName: 'gpk', KeyType: 'HASH' },
            { AttributeName: 'gsk', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    },
    'ttl',
  )
  const requestHandler = withoutConnection(dynamodb)
  const table = openTable('catalogue', { endpoint: dynamodb.url, region, credentials, requestHandler })
  const s3Options = { endpoint: s3Server.url, region, credentials, forcePathStyle: true }
  const vault = openVault(bucket, s3Options)
  const clock: TestReceiver['clock'] = {
    now: new Date(),
    advance(seconds) {
      clock.now = new Date(clock.now.getTime() + seconds * 1000)
    },
  }
  const logged: TestReceiver['logged'] = { lines: [], failures: [] }
  const log: Log = {
    request: line => logged.lines.push(line),
    failure: error => logged.failures.push(error),
    count: () => {},
  }
  const ports: Ports = {
    get catalogue() {
      return seams.table(table)
    },
    clock: () => clock.now,
    random: randomBytes,
    env: {
      ...Environment.parse({
        TABLE_NAME: 'catalogue',
        VAULT_BUCKET: bucket,
        RECEIVER_ID: receiverId,
        RECEIVER_NAME: 'Test receiver',
        // Its clock stands still: everything happens in one minute.
        REQUESTS_PER_MINUTE: 1_000_000,
      }),
      ...env,
    },
    log,
  }
  const realCommitVault = commitVault(bucket, s3Options)
  /** Ports are taken apart when an app is made, so that each request gets an app of its own with the seams of the moment. */
  const appFor = (path: string) => {
    const now: Ports = { ...ports, catalogue: ports.catalogue }
    if (path.startsWith('/v1/admin/')) return adminApi({ ...now, vault: rebuildVault(bucket, s3Options) })
    if (consolePaths.test(path)) return consoleApi(now)
    if (committerPaths.test(path)) return committer({ ...now, vault: seams.vault(realCommitVault) })
    if (restorePaths.test(path))
      return restoreApi({
        ...now,
        vault: {
          signDownload: (key, version) => signDownload(vault, key, version),
          origin: () => downloadOrigin(vault),
        },
        page: testPage,
      })
    return agentApi({
      ...now,
      vault: {
        createUpload: key => createUpload(vault, key),
        listParts: (key, uploadId) => listParts(vault, key, uploadId),
        signPart: part => signPart(vault, part),
      },
    })
  }
  const send = async (request: Request, bindings?: object): Promise<Answer> => {
    const app = appFor(new URL(request.url).pathname)
    const response = await (app.fetch as (request: Request, env?: object) => Promise<Response>)(request, bindings)
    return answerOf(response)
  }
  return {
    id: receiverId,
    clock,
    ports,
    vault,
    s3: new S3Client(s3Options),
    s3Url: s3Server.url,
    seams,
    logged,
    send: (request, address) =>
      send(request, address === undefined ? undefined : { event: { requestContext: { http: { sourceIp: address } } } }),
    admin: (method, target, body) =>
      send(requestOf(method, target, body), {
        event: { requestContext: { authorizer: { iam: { userArn: 'arn:aws:iam::000000000000:user/provider' } } } },
      }),
    async [Symbol.asyncDispose]() {
      await dynamodb.close()
      await s3Server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Every refusal must be a problem document. */
export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  const body = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined
  if (response.status >= 400) Problem.parse(body)
  return { status: response.status, body, text, headers: response.headers }
}

export function requestOf(
  method: string,
  target: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Request {
  return new Request(`https://receiver.test${target}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** The answer's body, or an error with the problem document. */
export function ok(answer: Answer): any {
  if (answer.status >= 400) throw new Error(`${answer.status} ${answer.text}`)
  return answer.body
}

export const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('base64')
