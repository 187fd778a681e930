import { appendFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { AccessControl } from './access.ts'
import type { External } from './external.ts'
import type { HostedFunction } from './functions/function.ts'
import { hostFunctions } from './functions/host.ts'
import { listen } from './gateway/gateway.ts'
import { type KeyPair, makeAccess } from './iam/access.ts'
import type { Place } from './plan/identity.ts'
import { planResources } from './plan/plan.ts'
import { startOnPort } from './port.ts'
import { prepareAssembly } from './prepare.ts'
import { routesOf } from './routes.ts'
import type { Intercept } from './s3/fault.ts'
import { type Scheduler, startScheduler } from './schedule/scheduler.ts'
import { Outbox, type OutboxMessage } from './sns/outbox.ts'
import { openState, saveState, writePrivately } from './state.ts'
import { type Server, startCatalogue, startTopics, startVault } from './storage.ts'
import { loadAssembly } from './template/load.ts'

export interface CloudOptions {
  /** Keeps everything: objects, items, ports, credentials, logs. The same directory is the same cloud. */
  directory: string
  /** Of the gateway; 0 or nothing: the remembered one, or a free one the first time. */
  port?: number
  /** A cloud assembly (cdk.out); without it the working tree is bundled and synthesized where that is needed. */
  assembly?: string
  /** The clock of the whole cloud, functions included; for tests. */
  now?: () => Date
  /** The operator's own S3 or DynamoDB in place of the stand-ins. */
  external?: External | undefined
  /** Makes faults of requests to S3; for tests. */
  intercept?: Intercept
  /** Puts another decision in place of the template's policies; for tests. */
  judge?: (own: AccessControl) => AccessControl['authorize']
  /** Whether what was answered survives a loss of power, too; tests that throw the directory away say false. */
  durable?: boolean
  /** Whether schedule rules fire by themselves; tests that fire them say false. */
  timer?: boolean
}

export interface Cloud {
  /** The receiver's address. */
  url: string
  s3Url: string
  dynamodbUrl: string
  region: string
  /** May do everything that the bucket policy does not deny, and call the admin API. */
  admin: KeyPair
  /** Physical names, for tests and for people who look around. */
  bucket: string
  table: string
  /** Of the console output of the functions, one file each. */
  logs: string
  /** Folder with a file for each message that was published to a topic. */
  outboxDirectory: string
  /** Those messages, the oldest first. */
  outbox(): Promise<OutboxMessage[]>
  /** Starts a function as its schedule rule would. @param name e.g. `janitor` @throws InvocationError if it fails */
  fire(name: string): Promise<unknown>
  close(): Promise<void>
}

const account = '000000000000'
const usualRegion = 'us-east-1'
const partition = 'aws'

/** Runs the synthesized stack on this machine, on 127.0.0.1 alone. @throws Failure for a port in use or a damaged state */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const directory = resolve(options.directory)
  const logs = join(directory, 'logs')
  const { now, intercept, external, durable = true, timer = true } = options
  const log = (line: string) => appendFileSync(join(logs, 'host.log'), `${line}\n`, { mode: 0o600 })
  const assembly = await loadAssembly(options.assembly ?? (await prepareAssembly()))
  const state = await openState(directory)
  await mkdir(logs, { recursive: true, mode: 0o700 })

  // First of all, because the template refers to the receiver's address (the vault answers browsers from there).
  const gateway = await startOnPort('The receiver', options.port || state.ports.gateway, listen)
  const servers: Server[] = []
  let functions = new Map<string, HostedFunction>()
  let scheduler: Scheduler | undefined
  const close = async () => {
    scheduler?.close()
    await gateway.close()
    for (const hosted of functions.values()) await hosted.close()
    for (const server of servers) await server.close()
  }
  try {
    const { stackName, region = usualRegion } = assembly
    const place: Place = { account, region, partition, stackName, stackUuid: state.stackUuid, url: gateway.url }
    const plan = planResources(assembly, place)
    const own = makeAccess(plan, account, [state.admin, ...(external ? [external.credentials] : [])])
    const access = options.judge ? { ...own, authorize: options.judge(own) } : own
    const storage = { directory, ports: state.ports, access, place, now, intercept, external, durable, log }
    const s3 = await startVault(plan, storage)
    servers.push(s3)
    const dynamodb = await startCatalogue(plan, storage)
    servers.push(dynamodb)
    const outbox = await Outbox.open(join(directory, 'outbox'))
    const sns = await startTopics(plan, outbox, storage)
    servers.push(sns)
    const ports = { gateway: gateway.port, s3: s3.port, dynamodb: dynamodb.port, sns: sns.port }
    await saveState(directory, { ...state, ports })
    const endpoints = { s3: s3.url, dynamodb: dynamodb.url, sns: sns.url }
    functions = await hostFunctions(plan, {
      directory,
      logs,
      keysOf: role => external?.credentials ?? access.keysOf(role),
      access,
      endpoints,
      place,
      now,
    })
    const clock = now ?? (() => new Date())
    const routes = routesOf(plan, functions, place)
    const rules = startScheduler(plan, functions, { place, now: clock, timer, log })
    scheduler = rules
    gateway.serve({
      ...place,
      apiId: plan.apis[0]!.name,
      access,
      now: clock,
      routes,
      log,
    })
    await writePrivately(join(directory, 'admin.json'), { url: gateway.url, region, ...state.admin })
    return {
      url: gateway.url,
      s3Url: s3.url,
      dynamodbUrl: dynamodb.url,
      region,
      admin: { ...state.admin },
      bucket: plan.buckets[0]!.name,
      table: plan.tables[0]!.name,
      logs,
      outboxDirectory: outbox.directory,
      outbox: () => outbox.messages(),
      fire: name => rules.fire(name),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
