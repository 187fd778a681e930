import { join } from 'node:path'
import { startDynamodb } from './dynamodb/server.ts'
import type { External } from './external.ts'
import type { Access } from './iam/access.ts'
import type { Place } from './plan/identity.ts'
import type { Plan } from './plan/plan.ts'
import { startOnPort } from './port.ts'
import type { Intercept } from './s3/fault.ts'
import { startS3 } from './s3/server.ts'
import type { Outbox } from './sns/outbox.ts'
import { startSns } from './sns/server.ts'
import type { State } from './state.ts'

/** Where buckets, tables or topics are. */
export interface Server {
  url: string
  /** To be remembered; 0 for a server that is not ours. */
  port: number
  close(): Promise<void>
}

export interface StorageOptions {
  directory: string
  ports: State['ports']
  access: Access
  place: Place
  now?: (() => Date) | undefined
  intercept?: Intercept | undefined
  external?: External | undefined
  durable: boolean
  /** Told what went wrong inside a stand-in. */
  log(line: string): void
}

/** S3 with the buckets of the plan: the stand-in, or the operator's own server. */
export async function startVault(plan: Plan, options: StorageOptions): Promise<Server> {
  const { directory, ports, access, now, intercept, external, durable, log, place } = options
  if (external?.s3Url) {
    const { createBuckets } = await import('./external-resources.ts')
    await createBuckets(plan, external.s3Url, place.region, external.credentials)
    return { url: external.s3Url, port: 0, close: async () => {} }
  }
  const report = (error: unknown) => log(`S3: ${error instanceof Error ? error.stack : String(error)}`)
  const s3 = await startOnPort('S3', ports.s3, port =>
    startS3({
      directory: join(directory, 's3'),
      port,
      durable,
      access,
      region: place.region,
      report,
      ...(now ? { now } : {}),
      ...(intercept ? { intercept } : {}),
    }),
  )
  for (const { name, properties } of plan.buckets)
    s3.createBucket(name, { objectLock: properties.ObjectLockEnabled, versioned: true, cors: corsOf(properties) })
  return s3
}

/** DynamoDB with the tables of the plan: the stand-in, or the operator's own server. */
export async function startCatalogue(plan: Plan, options: StorageOptions): Promise<Server> {
  const { directory, ports, access, now, external, durable, place } = options
  if (external?.dynamodbUrl) {
    const { createTables } = await import('./external-resources.ts')
    await createTables(plan, external.dynamodbUrl, place.region, external.credentials)
    return { url: external.dynamodbUrl, port: 0, close: async () => {} }
  }
  const dynamodb = await startOnPort('DynamoDB', ports.dynamodb, port =>
    startDynamodb({
      directory: join(directory, 'dynamodb'),
      port,
      durable,
      access,
      region: place.region,
      account: place.account,
      ...(now ? { now } : {}),
    }),
  )
  try {
    for (const { name, properties } of plan.tables)
      await dynamodb.createTable(definitionOf(name, properties), properties.TimeToLiveSpecification?.AttributeName)
    return dynamodb
  } catch (error) {
    await dynamodb.close()
    throw error
  }
}

/** SNS with the topics of the plan: always the stand-in. */
export async function startTopics(plan: Plan, outbox: Outbox, options: StorageOptions): Promise<Server> {
  const { ports, access, now = () => new Date(), log, place } = options
  const topics = plan.topics.map(({ name: arn, properties }) => ({
    arn,
    keyArn: properties.KmsMasterKeyId,
    subscribers: plan.subscriptions.flatMap(({ properties: { TopicArn, Endpoint } }) =>
      TopicArn === arn ? [Endpoint] : [],
    ),
  }))
  const report = (error: unknown) => log(`SNS: ${error instanceof Error ? error.stack : String(error)}`)
  return startOnPort('SNS', ports.sns, port =>
    startSns({ port, topics, outbox, access, region: place.region, now, report }),
  )
}

function corsOf({ CorsConfiguration }: Plan['buckets'][number]['properties']) {
  return (CorsConfiguration?.CorsRules ?? []).map(rule => ({
    allowedOrigins: rule.AllowedOrigins,
    allowedMethods: rule.AllowedMethods,
    allowedHeaders: rule.AllowedHeaders,
    exposeHeaders: rule.ExposedHeaders,
    maxAgeSeconds: rule.MaxAge,
  }))
}

/** As CreateTable takes it: the time to live is an operation of its own there, and backups are AWS's. */
function definitionOf(name: string, properties: Plan['tables'][number]['properties']) {
  const { AttributeDefinitions, KeySchema, BillingMode, DeletionProtectionEnabled, GlobalSecondaryIndexes } = properties
  return {
    TableName: name,
    AttributeDefinitions,
    KeySchema,
    BillingMode,
    DeletionProtectionEnabled,
    ...(GlobalSecondaryIndexes.length > 0 ? { GlobalSecondaryIndexes } : {}),
  }
}
