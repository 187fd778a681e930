import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AccessControl, Question } from '../../infra/local/access.ts'
import { type Dynamodb, startDynamodb } from '../../infra/local/dynamodb/server.ts'
import { openAccess, testCredentials } from '../conformance/dynamodb-endpoint.ts'

const definition = {
  TableName: 'catalogue',
  BillingMode: 'PAY_PER_REQUEST' as const,
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' as const },
    { AttributeName: 'due', AttributeType: 'S' as const },
  ],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' as const }],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'by-due',
      KeySchema: [{ AttributeName: 'due', KeyType: 'HASH' as const }],
      Projection: { ProjectionType: 'ALL' as const },
    },
  ],
}
const TableName = definition.TableName
const arn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/catalogue'
const Key = { pk: { S: 'a' } }

let directory: string
let now: Date
const running: Dynamodb[] = []
const clients: DynamoDBClient[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'failsafe-dynamodb-'))
  now = new Date()
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  for (const server of running.splice(0)) await server.close()
  await rm(directory, { recursive: true, force: true })
})

async function start(access: AccessControl = openAccess, timeToLive?: string) {
  const options = { directory, access, now: () => now, region: 'eu-central-1', account: '123456789012' }
  const server = await startDynamodb(options)
  running.push(server)
  await server.createTable(definition, timeToLive)
  return server
}

function connect(server: Dynamodb, more: DynamoDBClientConfig = {}) {
  const client = new DynamoDBClient({
    endpoint: server.url,
    region: 'eu-central-1',
    credentials: testCredentials,
    maxAttempts: 1,
    ...more,
  })
  clients.push(client)
  return client
}

async function stop(server: Dynamodb) {
  running.splice(running.indexOf(server), 1)
  await server.close()
}

describe('signatures', () => {
  it('an unsigned request is refused', async () => {
    const server = await start()
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' },
      body: '{}',
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      __type: 'com.amazon.coral.service#MissingAuthenticationTokenException',
    })
  })

  it.each<[string, DynamoDBClientConfig, string]>([
    ['an unknown key', { credentials: { ...testCredentials, accessKeyId: 'nobody' } }, 'UnrecognizedClientException'],
    ['a wrong secret', { credentials: { ...testCredentials, secretAccessKey: 'x' } }, 'InvalidSignatureException'],
    [
      'a session token nobody issued',
      { credentials: { ...testCredentials, sessionToken: 'x' } },
      'UnrecognizedClientException',
    ],
    ['another region', { region: 'us-east-1' }, 'IncompleteSignatureException'],
  ])('%s is refused', async (_what, config, name) => {
    const client = connect(await start(), config)
    await expect(client.send(new ListTablesCommand({}))).rejects.toMatchObject({ name })
  })

  it('a body that was changed on the way is refused', async () => {
    const client = connect(await start())
    client.middlewareStack.add(
      next => args => next({ ...args, request: Object.assign(args.request as object, { body: '{"Limit":1}' }) }),
      { step: 'finalizeRequest', priority: 'low' },
    )
    await expect(client.send(new ListTablesCommand({ Limit: 2 }))).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    })
  })
})

describe('requests', () => {
  it('an operation that is not there says so', async () => {
    const client = connect(await start())
    await expect(
      client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true })),
    ).rejects.toMatchObject({ name: 'UnknownOperationException' })
  })

  it.each([
    ['Expected', { Expected: { pk: { Exists: false } } }],
    ['ConditionalOperator', { ConditionalOperator: 'AND' as const }],
  ])('the legacy parameter %s is refused by name', async (name, parameter) => {
    const client = connect(await start())
    await expect(client.send(new PutItemCommand({ TableName, Item: Key, ...parameter }))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(`legacy parameter ${name}`),
    })
  })

  it('a protected table is not deleted', async () => {
    const client = connect(await start())
    const kept = { ...definition, TableName: 'kept', DeletionProtectionEnabled: true }
    await client.send(new CreateTableCommand(kept))
    await expect(client.send(new DeleteTableCommand({ TableName: 'kept' }))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('protected against deletion'),
    })
    expect((await client.send(new ListTablesCommand({}))).TableNames).toContain('kept')
  })

  it.each([
    ['not JSON', '{"TableName":', 'SerializationException'],
    ['of another shape', '{"TableName":7}', 'SerializationException'],
    ['without what is needed', '{}', 'ValidationException'],
    ['with an unknown parameter', '{"TableName":"catalogue","Surprise":1}', 'ValidationException'],
    ['larger than 16 MB', `"${'x'.repeat(17_000_000)}"`, 'RequestEntityTooLargeException'],
  ])('a body %s is refused', async (_what, body, name) => {
    const client = connect(await start())
    client.middlewareStack.add(
      next => args => {
        const request = args.request as { headers: Record<string, string> }
        Object.assign(request, { body })
        request.headers['content-length'] = String(Buffer.byteLength(body))
        return next(args)
      },
      { step: 'build', priority: 'low' },
    )
    await expect(client.send(new DescribeTableCommand({ TableName }))).rejects.toMatchObject({ name })
  })
})

describe('permissions', () => {
  /** Allows everything but the denied actions, and writes down what it was asked. */
  function watching(...denied: string[]) {
    const questions: Question[] = []
    const access: AccessControl = {
      ...openAccess,
      authorize(question) {
        questions.push(question)
        return denied.includes(question.action) ? { allowed: false, reason: 'a test denies it' } : { allowed: true }
      },
    }
    return { access, questions }
  }

  const needs = (action: string, ...leadingKeys: string[]) => ({
    principal: 'tester',
    action: `dynamodb:${action}`,
    resource: arn,
    context: leadingKeys.length > 0 ? { 'dynamodb:leadingkeys': leadingKeys } : {},
  })

  it('every operation asks for its own permission on its table or index, with the leading keys', async () => {
    const { access, questions } = watching()
    const client = connect(await start(access))
    const asked = async (command: object) => {
      questions.length = 0
      // Only the type of the answer differs from command to command.
      await client.send(command as ListTablesCommand)
      return [...questions]
    }
    const other = (pk: string) => ({ pk: { S: pk } })
    expect(await asked(new PutItemCommand({ TableName, Item: Key }))).toEqual([needs('PutItem', 'a')])
    expect(await asked(new GetItemCommand({ TableName, Key }))).toEqual([needs('GetItem', 'a')])
    expect(await asked(new UpdateItemCommand({ TableName, Key }))).toEqual([needs('UpdateItem', 'a')])
    expect(await asked(new DeleteItemCommand({ TableName, Key }))).toEqual([needs('DeleteItem', 'a')])
    const query = { TableName, ExpressionAttributeValues: { ':v': { S: 'x' } } }
    expect(await asked(new QueryCommand({ ...query, KeyConditionExpression: 'pk = :v' }))).toEqual([
      needs('Query', 'x'),
    ])
    expect(
      await asked(new QueryCommand({ ...query, IndexName: 'by-due', KeyConditionExpression: 'due = :v' })),
    ).toEqual([{ ...needs('Query', 'x'), resource: `${arn}/index/by-due` }])
    expect(await asked(new ScanCommand({ TableName }))).toEqual([needs('Scan')])
    expect(await asked(new ScanCommand({ TableName, IndexName: 'by-due' }))).toEqual([
      { ...needs('Scan'), resource: `${arn}/index/by-due` },
    ])
    expect(
      await asked(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [Key, other('b')] } } })),
    ).toEqual([needs('BatchGetItem', 'a', 'b')])
    expect(
      await asked(
        new BatchWriteItemCommand({
          RequestItems: { [TableName]: [{ PutRequest: { Item: Key } }, { DeleteRequest: { Key: other('b') } }] },
        }),
      ),
    ).toEqual([needs('BatchWriteItem', 'a', 'b')])
    expect(await asked(new TransactGetItemsCommand({ TransactItems: [{ Get: { TableName, Key } }] }))).toEqual([
      needs('GetItem', 'a'),
    ])
    expect(
      await asked(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Put: { TableName, Item: other('p') } },
            { Update: { TableName, Key: other('u'), UpdateExpression: 'REMOVE x' } },
            { Delete: { TableName, Key: other('d') } },
            { ConditionCheck: { TableName, Key: other('c'), ConditionExpression: 'attribute_not_exists(pk)' } },
          ],
        }),
      ),
    ).toEqual([
      needs('PutItem', 'p'),
      needs('UpdateItem', 'u'),
      needs('DeleteItem', 'd'),
      needs('ConditionCheckItem', 'c'),
    ])
    expect(await asked(new DescribeTableCommand({ TableName }))).toEqual([needs('DescribeTable')])
    expect(await asked(new DescribeTimeToLiveCommand({ TableName }))).toEqual([needs('DescribeTimeToLive')])
    const TimeToLiveSpecification = { AttributeName: 'expires', Enabled: true }
    expect(await asked(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }))).toEqual([
      needs('UpdateTimeToLive'),
    ])
    expect(await asked(new ListTablesCommand({}))).toEqual([{ ...needs('ListTables'), resource: '*' }])
    const fresh = { ...definition, TableName: 'fresh' }
    const freshArn = arn.replace('catalogue', 'fresh')
    expect(await asked(new CreateTableCommand(fresh))).toEqual([{ ...needs('CreateTable'), resource: freshArn }])
    expect(await asked(new DeleteTableCommand({ TableName: 'fresh' }))).toEqual([
      { ...needs('DeleteTable'), resource: freshArn },
    ])
  })

  it('a write that is not allowed does nothing, also as a part of a transaction', async () => {
    const { access } = watching('dynamodb:DeleteItem')
    const client = connect(await start(access))
    await client.send(new PutItemCommand({ TableName, Item: Key }))
    const denied = { name: 'AccessDeniedException', message: expect.stringContaining('a test denies it') }
    await expect(client.send(new DeleteItemCommand({ TableName, Key }))).rejects.toMatchObject(denied)
    const both = [{ Put: { TableName, Item: { pk: { S: 'b' } } } }, { Delete: { TableName, Key } }]
    await expect(client.send(new TransactWriteItemsCommand({ TransactItems: both }))).rejects.toMatchObject(denied)
    const { Items } = await client.send(new ScanCommand({ TableName }))
    expect(Items).toEqual([Key])
  })

  it('who may not read a table does not learn whether it exists', async () => {
    const { access } = watching('dynamodb:GetItem')
    const client = connect(await start(access))
    for (const name of [TableName, 'missing'])
      await expect(client.send(new GetItemCommand({ TableName: name, Key }))).rejects.toMatchObject({
        name: 'AccessDeniedException',
      })
  })
})

describe('time to live', () => {
  const seconds = () => Math.floor(now.getTime() / 1000)
  const expiring = (pk: string, value: object) => ({
    TableName,
    Item: { pk: { S: pk }, due: { S: 'x' }, expires: value as never },
  })

  it('deletes what has expired from the table and its indexes, and leaves everything else', async () => {
    const client = connect(await start(openAccess, 'expires'))
    const at = seconds() + 100
    await client.send(new PutItemCommand(expiring('soon', { N: String(at) })))
    await client.send(new PutItemCommand(expiring('later', { N: String(at + 1000) })))
    await client.send(new PutItemCommand(expiring('text', { S: String(at) })))
    await client.send(new PutItemCommand(expiring('long ago', { N: '1000' })))
    now = new Date((at + 1) * 1000)
    const left = async (IndexName?: string) => {
      const { Items } = await client.send(new ScanCommand({ TableName, IndexName }))
      return Items?.map(item => item.pk?.S).sort()
    }
    await vi.waitFor(async () => expect(await left()).toEqual(['later', 'long ago', 'text']), 10_000)
    expect(await left('by-due')).toEqual(['later', 'long ago', 'text'])
    const { Table } = await client.send(new DescribeTableCommand({ TableName }))
    expect(Table?.ItemCount).toBe(3)
  })

  it('deletes thousands without keeping others waiting', async () => {
    const client = connect(await start(openAccess, 'expires'))
    const N = String(seconds() + 10)
    for (let batch = 0; batch < 100; batch++)
      await client.send(
        new BatchWriteItemCommand({
          RequestItems: {
            [TableName]: Array.from({ length: 25 }, (_, i) => ({
              PutRequest: { Item: { pk: { S: `${batch}-${i}` }, expires: { N } } },
            })),
          },
        }),
      )
    now = new Date(now.getTime() + 60_000)
    await vi.waitFor(async () => {
      const { Count } = await client.send(new ScanCommand({ TableName, Select: 'COUNT' }))
      expect(Count).toBe(0)
    }, 10_000)
  })

  it('counts items that were there before it was switched on, and none after it was switched off', async () => {
    const client = connect(await start())
    const specify = (Enabled: boolean) =>
      client.send(
        new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName: 'expires', Enabled } }),
      )
    const N = String(seconds() + 10)
    await client.send(new PutItemCommand(expiring('a', { N })))
    await specify(true)
    now = new Date(now.getTime() + 60_000)
    await vi.waitFor(async () => {
      expect((await client.send(new GetItemCommand({ TableName, Key }))).Item).toBeUndefined()
    }, 10_000)
    await client.send(new PutItemCommand(expiring('b', { N: String(seconds() + 10) })))
    await specify(false)
    now = new Date(now.getTime() + 60_000)
    await new Promise(resolve => setTimeout(resolve, 1500))
    expect((await client.send(new ScanCommand({ TableName, Select: 'COUNT' }))).Count).toBe(1)
  })
})

describe('the state', () => {
  it('is the same after a restart', async () => {
    const first = await start(openAccess, 'expires')
    const write = {
      ClientRequestToken: 'once',
      TransactItems: [
        {
          Update: {
            TableName,
            Key,
            UpdateExpression: 'ADD n :one',
            ExpressionAttributeValues: { ':one': { N: '1' } },
          },
        },
      ],
    }
    await connect(first).send(new TransactWriteItemsCommand(write))
    await stop(first)
    const client = connect(await start(openAccess, 'expires'))
    expect((await client.send(new GetItemCommand({ TableName, Key }))).Item).toEqual({ ...Key, n: { N: '1' } })
    await client.send(new TransactWriteItemsCommand(write))
    expect((await client.send(new GetItemCommand({ TableName, Key }))).Item?.n).toEqual({ N: '1' })
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }))
    expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' })
  })

  it('a token is free again after ten minutes', async () => {
    const client = connect(await start())
    const put = (pk: string) =>
      client.send(
        new TransactWriteItemsCommand({
          ClientRequestToken: 'again',
          TransactItems: [{ Put: { TableName, Item: { pk: { S: pk } } } }],
        }),
      )
    await put('a')
    await expect(put('b')).rejects.toMatchObject({ name: 'IdempotentParameterMismatchException' })
    now = new Date(now.getTime() + 10 * 60_000)
    await put('b')
  })

  it('belongs to one server at a time', async () => {
    await start()
    await expect(start()).rejects.toMatchObject({ name: 'Failure', code: 'dynamodb-state' })
  })

  it('a table is created once, and not converted to other keys', async () => {
    const server = await start()
    await connect(server).send(new PutItemCommand({ TableName, Item: Key }))
    await server.createTable(definition)
    expect((await connect(server).send(new ScanCommand({ TableName, Select: 'COUNT' }))).Count).toBe(1)
    const { GlobalSecondaryIndexes: _dropped, ...other } = definition
    const changed = { ...other, AttributeDefinitions: other.AttributeDefinitions.slice(0, 1) }
    await expect(server.createTable(changed)).rejects.toMatchObject({ name: 'Failure', code: 'dynamodb-table' })
  })

  it('listens on the loopback address only', async () => {
    const server = await start()
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
  })
})
