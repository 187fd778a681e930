import { join } from 'node:path'
import { startDynamodb } from './dynamodb/server.ts'
import type { Access } from './iam/access.ts'
import type { Place } from './plan/identity.ts'
import type { Plan } from './plan/plan.ts'
import { startOnPort } from './port.ts'
import type { Intercept } from './s3/fault.ts'
import { startS3 } from './s3/server.ts'
import type { State } from './state.ts'

export interface Storage {
  s3: { url: string; port: number }
  dynamodb: { url: string; port: number }
  close(): Promise<void>
}

export interface StorageOptions {
  directory: string
  ports: State['ports']
  access: Access
  place: Place
  now?: (() => Date) | undefined
  intercept?: Intercept | undefined
  /** Told what went wrong inside a stand-in. */
  log(line: string): void
}

/** Starts the stand-ins of S3 and DynamoDB and makes the buckets and tables of the plan where they are not there yet. */
export async function startStorage(plan: Plan, options: StorageOptions): Promise<Storage> {
  const { directory, ports, access, now, intercept, log } = options
  const { region, account } = options.place
  const common = { access, region, ...(now ? { now } : {}) }
  const report = (error: unknown) => log(`S3: ${error instanceof Error ? error.stack : String(error)}`)
  const s3 = await startOnPort('S3', ports.s3, port =>
    startS3({ ...common, directory: join(directory, 's3'), port, report, ...(intercept ? { intercept } : {}) }),
  )
  try {
    for (const { name, properties } of plan.buckets)
      s3.createBucket(name, { objectLock: properties.ObjectLockEnabled, versioned: true, cors: corsOf(properties) })
    const dynamodb = await startOnPort('DynamoDB', ports.dynamodb, port =>
      startDynamodb({ ...common, account, directory: join(directory, 'dynamodb'), port }),
    )
    const close = async () => {
      await dynamodb.close()
      await s3.close()
    }
    try {
      for (const { name, properties } of plan.tables)
        await dynamodb.createTable(definitionOf(name, properties), properties.TimeToLiveSpecification?.AttributeName)
    } catch (error) {
      await dynamodb.close()
      throw error
    }
    return { s3, dynamodb, close }
  } catch (error) {
    await s3.close()
    throw error
  }
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
