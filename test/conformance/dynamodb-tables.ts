import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { ulid } from 'ulid'
import { describe, expect, it } from 'vitest'
import { fails, type TestTables } from './dynamodb-endpoint.ts'

/** Tables, capacity and what every request has in common. */
export function tables(given: TestTables): void {
  describe('tables', () => {
    it('describes a table with its keys, indexes and billing', async () => {
      const { Table } = await given.client.send(new DescribeTableCommand({ TableName: given.table }))
      expect(Table).toMatchObject({
        TableName: given.table,
        TableStatus: 'ACTIVE',
        TableArn: expect.stringMatching(new RegExp(`^arn:aws:dynamodb:.*:table/${given.table}$`)),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      })
      expect(Table?.GlobalSecondaryIndexes?.map(index => index.IndexName).sort()).toEqual(['by-number', 'by-owner'])
    })

    it('refuses to create a table twice, and does not find a table that is not there', async () => {
      const definition = {
        TableName: given.plain,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      } as const
      await expect(
        given.client.send(
          new CreateTableCommand({
            ...definition,
            AttributeDefinitions: [...definition.AttributeDefinitions],
            KeySchema: [...definition.KeySchema],
          }),
        ),
      ).rejects.toEqual(fails('ResourceInUseException'))
      const TableName = `missing-${ulid()}`
      await expect(given.client.send(new DescribeTableCommand({ TableName }))).rejects.toEqual(
        fails('ResourceNotFoundException'),
      )
      await expect(given.client.send(new GetItemCommand({ TableName, Key: { pk: { S: 'a' } } }))).rejects.toEqual(
        fails('ResourceNotFoundException'),
      )
    })

    it('refuses a definition whose attributes and keys do not match', async () => {
      await expect(
        given.client.send(
          new CreateTableCommand({
            TableName: `wrong-${ulid()}`,
            BillingMode: 'PAY_PER_REQUEST',
            AttributeDefinitions: [
              { AttributeName: 'pk', AttributeType: 'S' },
              { AttributeName: 'stray', AttributeType: 'S' },
            ],
            KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          }),
        ),
      ).rejects.toEqual(fails('ValidationException'))
    })

    it('lists tables in pages', async () => {
      const names: string[] = []
      let ExclusiveStartTableName: string | undefined
      do {
        const page = await given.client.send(new ListTablesCommand({ Limit: 1, ExclusiveStartTableName }))
        names.push(...(page.TableNames ?? []))
        ExclusiveStartTableName = page.LastEvaluatedTableName
      } while (ExclusiveStartTableName)
      expect(names).toEqual(expect.arrayContaining([given.table, given.plain]))
      expect(names).toEqual([...names].sort())
    })

    it('switches the time to live on and off', async () => {
      const specify = (Enabled: boolean) =>
        given.client.send(
          new UpdateTimeToLiveCommand({
            TableName: given.plain,
            TimeToLiveSpecification: { AttributeName: 'expires', Enabled },
          }),
        )
      await specify(true)
      const { TimeToLiveDescription } = await given.client.send(
        new DescribeTimeToLiveCommand({ TableName: given.plain }),
      )
      expect(TimeToLiveDescription).toMatchObject({ AttributeName: 'expires' })
      await expect(specify(true)).rejects.toEqual(fails('ValidationException', /already enabled/))
    })
  })

  describe('requests', () => {
    it('refuses a table name that cannot be and a return value that is not known', async () => {
      await expect(
        given.client.send(new PutItemCommand({ TableName: 'a', Item: { pk: { S: 'a' } } })),
      ).rejects.toMatchObject({
        name: expect.stringMatching(/ValidationException|ResourceNotFoundException/),
      })
      await expect(
        given.client.send(
          new PutItemCommand({ TableName: given.plain, Item: { pk: { S: 'a' } }, ReturnValues: 'ALL_NEW' }),
        ),
      ).rejects.toEqual(fails('ValidationException'))
    })
  })
  describe('capacity', () => {
    it('counts 1 KB blocks for writes and 4 KB blocks for reads', async () => {
      const Key = { pk: { S: ulid() } }
      const put = await given.client.send(
        new PutItemCommand({
          TableName: given.plain,
          Item: { ...Key, data: { S: 'x'.repeat(5000) } },
          ReturnConsumedCapacity: 'TOTAL',
        }),
      )
      expect(put.ConsumedCapacity).toMatchObject({ TableName: given.plain, CapacityUnits: 5 })
      const get = (ConsistentRead: boolean) =>
        given.client.send(
          new GetItemCommand({ TableName: given.plain, Key, ConsistentRead, ReturnConsumedCapacity: 'TOTAL' }),
        )
      expect((await get(true)).ConsumedCapacity?.CapacityUnits).toBe(2)
      expect((await get(false)).ConsumedCapacity?.CapacityUnits).toBe(1)
      const shrunk = await given.client.send(
        new PutItemCommand({ TableName: given.plain, Item: Key, ReturnConsumedCapacity: 'TOTAL' }),
      )
      expect(shrunk.ConsumedCapacity?.CapacityUnits).toBe(5)
    })

    it('counts what a write changes in each index', async () => {
      const Key = { pk: { S: ulid() }, sk: { S: 'a' } }
      const put = async (attributes: object) => {
        const { ConsumedCapacity } = await given.client.send(
          new PutItemCommand({
            TableName: given.table,
            Item: { ...Key, ...attributes },
            ReturnConsumedCapacity: 'INDEXES',
          }),
        )
        const indexes = Object.entries(ConsumedCapacity?.GlobalSecondaryIndexes ?? {})
        return {
          total: ConsumedCapacity?.CapacityUnits,
          table: ConsumedCapacity?.Table?.CapacityUnits,
          indexes: Object.fromEntries(indexes.map(([name, { CapacityUnits }]) => [name, CapacityUnits])),
        }
      }
      expect(await put({})).toEqual({ total: 1, table: 1, indexes: {} })
      expect(await put({ owner: { S: 'o' } })).toEqual({ total: 2, table: 1, indexes: { 'by-owner': 1 } })
      expect(await put({ owner: { S: 'o' }, other: { S: 'x' } })).toEqual({ total: 1, table: 1, indexes: {} })
      expect(await put({ owner: { S: 'p' } })).toEqual({ total: 3, table: 1, indexes: { 'by-owner': 2 } })
      expect(await put({})).toEqual({ total: 2, table: 1, indexes: { 'by-owner': 1 } })
    })

    it('adds up a page before it rounds', async () => {
      const pk = { S: ulid() }
      for (let i = 0; i < 10; i++)
        await given.client.send(
          new PutItemCommand({
            TableName: given.table,
            Item: { pk, sk: { S: String(i) }, data: { S: 'x'.repeat(900) } },
          }),
        )
      const query = (more: Partial<QueryCommandInput>) =>
        given.client.send(
          new QueryCommand({
            TableName: given.table,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': pk },
            ReturnConsumedCapacity: 'TOTAL',
            ...more,
          }),
        )
      expect((await query({ ConsistentRead: true })).ConsumedCapacity?.CapacityUnits).toBe(3)
      expect((await query({})).ConsumedCapacity?.CapacityUnits).toBe(1.5)
      expect(
        (await query({ Select: 'COUNT', FilterExpression: 'attribute_exists(nowhere)' })).ConsumedCapacity
          ?.CapacityUnits,
      ).toBe(1.5)
    })

    it('counts transactions double', async () => {
      const Key = { pk: { S: ulid() } }
      const written = await given.client.send(
        new TransactWriteItemsCommand({
          TransactItems: [{ Put: { TableName: given.plain, Item: { ...Key, data: { S: 'x'.repeat(1500) } } } }],
          ReturnConsumedCapacity: 'TOTAL',
        }),
      )
      expect(written.ConsumedCapacity).toMatchObject([{ TableName: given.plain, CapacityUnits: 4 }])
      const read = await given.client.send(
        new TransactGetItemsCommand({
          TransactItems: [{ Get: { TableName: given.plain, Key } }],
          ReturnConsumedCapacity: 'TOTAL',
        }),
      )
      expect(read.ConsumedCapacity).toMatchObject([{ TableName: given.plain, CapacityUnits: 2 }])
    })
  })
}
