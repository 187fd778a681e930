import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { ulid } from 'ulid'
import { expect } from 'vitest'
import type { AccessControl } from '../../infra/local/access.ts'
import { startDynamodb } from '../../infra/local/dynamodb/server.ts'

/** Anybody with this key may do anything. */
export const openAccess: AccessControl = {
  credential: id => (id === 'tester' ? { secretAccessKey: 'secret', principal: 'tester' } : undefined),
  authorize: () => ({ allowed: true }),
}

export const testCredentials = { accessKeyId: 'tester', secretAccessKey: 'secret' }

interface Endpoint extends AsyncDisposable {
  client: DynamoDBClient
  documents: DynamoDBDocumentClient
  /** Creates a table under a fresh name, waits for it, and drops it at the end. @returns its name */
  table(definition: Omit<CreateTableCommandInput, 'TableName' | 'BillingMode'>): Promise<string>
}

/**
 * The server under test. CONFORMANCE_DYNAMODB_URL names another one (`aws` for AWS itself); credentials and region then come from
 * the usual places.
 */
async function openEndpoint(): Promise<Endpoint> {
  const named = process.env.CONFORMANCE_DYNAMODB_URL
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-dynamodb-'))
  const server = named ? undefined : await startDynamodb({ directory, access: openAccess })
  const client = new DynamoDBClient({
    maxAttempts: 1,
    ...(named !== 'aws' && { endpoint: named ?? server!.url }),
    ...(server && { region: 'us-east-1', credentials: testCredentials }),
  })
  const tables: string[] = []
  return {
    client,
    documents: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }),
    async table(definition) {
      const TableName = `failsafe-conformance-${ulid()}`
      await client.send(new CreateTableCommand({ TableName, BillingMode: 'PAY_PER_REQUEST', ...definition }))
      tables.push(TableName)
      await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName })
      return TableName
    },
    async [Symbol.asyncDispose]() {
      for (const TableName of tables) await client.send(new DeleteTableCommand({ TableName }))
      client.destroy()
      await server?.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export interface TestTables {
  endpoint: Endpoint
  client: DynamoDBClient
  /** Partition key `pk` and sort key `sk`, both strings; two sparse indexes. */
  table: string
  /** Partition key `pk` only. */
  plain: string
}

export async function openTables(): Promise<TestTables> {
  const endpoint = await openEndpoint()
  const table = await endpoint.table({
    AttributeDefinitions: ['pk', 'sk', 'gpk', 'owner']
      .map(AttributeName => ({ AttributeName, AttributeType: 'S' as const }))
      .concat({ AttributeName: 'gsk', AttributeType: 'N' as never }),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-number',
        KeySchema: [
          { AttributeName: 'gpk', KeyType: 'HASH' },
          { AttributeName: 'gsk', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['kept'] },
      },
      {
        IndexName: 'by-owner',
        KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  })
  const plain = await endpoint.table({
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  })
  return { endpoint, client: endpoint.client, table, plain }
}

/** The error that an operation rejects with. */
export function fails(name: string, message?: RegExp): unknown {
  return expect.objectContaining({ name, ...(message && { message: expect.stringMatching(message) }) })
}
