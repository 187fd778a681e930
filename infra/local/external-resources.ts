import {
  CreateTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { CreateBucketCommand, PutBucketCorsCommand, S3Client } from '@aws-sdk/client-s3'
import type { KeyPair } from './iam/access.ts'
import type { Plan } from './plan/plan.ts'

/** Makes the buckets of the plan where they are not there yet. */
export async function createBuckets(plan: Plan, endpoint: string, region: string, credentials: KeyPair): Promise<void> {
  const client = new S3Client({ endpoint, region, credentials: { ...credentials }, forcePathStyle: true })
  try {
    for (const { name: Bucket, properties } of plan.buckets) {
      const ObjectLockEnabledForBucket = properties.ObjectLockEnabled
      await client
        .send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket }))
        .catch(unless('BucketAlreadyOwnedByYou'))
      const rules = properties.CorsConfiguration?.CorsRules ?? []
      if (rules.length > 0)
        await client.send(
          new PutBucketCorsCommand({
            Bucket,
            CORSConfiguration: {
              CORSRules: rules.map(({ ExposedHeaders, MaxAge, ...rule }) => ({
                ...rule,
                ExposeHeaders: ExposedHeaders,
                MaxAgeSeconds: MaxAge,
              })),
            },
          }),
        )
    }
  } finally {
    client.destroy()
  }
}

/** Makes the tables of the plan where they are not there yet. */
export async function createTables(plan: Plan, endpoint: string, region: string, credentials: KeyPair): Promise<void> {
  const client = new DynamoDBClient({ endpoint, region, credentials: { ...credentials } })
  try {
    for (const { name: TableName, properties } of plan.tables) {
      const { TimeToLiveSpecification, PointInTimeRecoverySpecification: _, ...definition } = properties
      await client.send(new CreateTableCommand({ TableName, ...definition })).catch(unless('ResourceInUseException'))
      await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName })
      const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }))
      if (TimeToLiveSpecification && TimeToLiveDescription?.TimeToLiveStatus !== 'ENABLED')
        await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }))
    }
  } finally {
    client.destroy()
  }
}

function unless(name: string): (error: unknown) => void {
  return error => {
    if (!(error instanceof Error && error.name === name)) throw error
  }
}
