import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  GetItemCommand,
  PutItemCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import { ulid } from 'ulid'
import { describe, expect, it } from 'vitest'
import { fails, type TestTables } from './dynamodb-endpoint.ts'

/** BatchGetItem, BatchWriteItem and transactions. */
export function batches(given: TestTables): void {
  describe('batches', () => {
    it('writes and reads up to 25 and 100 items', async () => {
      const keys = Array.from({ length: 25 }, () => ({ pk: { S: ulid() } }))
      const written = await given.client.send(
        new BatchWriteItemCommand({
          RequestItems: { [given.plain]: keys.map(Key => ({ PutRequest: { Item: { ...Key, v: { N: '1' } } } })) },
          ReturnConsumedCapacity: 'TOTAL',
        }),
      )
      expect(written.UnprocessedItems).toEqual({})
      expect(written.ConsumedCapacity).toMatchObject([{ TableName: given.plain, CapacityUnits: 25 }])
      await given.client.send(
        new BatchWriteItemCommand({ RequestItems: { [given.plain]: [{ DeleteRequest: { Key: keys[0] } }] } }),
      )
      const read = await given.client.send(
        new BatchGetItemCommand({
          RequestItems: { [given.plain]: { Keys: keys, ProjectionExpression: 'pk' } },
          ReturnConsumedCapacity: 'TOTAL',
        }),
      )
      expect(read.UnprocessedKeys).toEqual({})
      expect(new Set(read.Responses?.[given.plain]?.map(item => item.pk?.S))).toEqual(
        new Set(keys.slice(1).map(key => key.pk.S)),
      )
      expect(read.ConsumedCapacity).toMatchObject([{ CapacityUnits: 12.5 }])
    })

    it('refuses batches that are too large or name an item twice', async () => {
      const keys = (count: number) => Array.from({ length: count }, () => ({ pk: { S: ulid() } }))
      const write = (items: object[]) =>
        given.client.send(
          new BatchWriteItemCommand({
            RequestItems: { [given.plain]: items.map(Item => ({ PutRequest: { Item: Item as never } })) },
          }),
        )
      const read = (Keys: object[]) =>
        given.client.send(new BatchGetItemCommand({ RequestItems: { [given.plain]: { Keys: Keys as never } } }))
      await expect(write(keys(26))).rejects.toEqual(fails('ValidationException'))
      await expect(read(keys(101))).rejects.toEqual(fails('ValidationException'))
      const [twice] = keys(1)
      await expect(write([twice!, { ...twice, v: { S: 'x' } }])).rejects.toEqual(
        fails('ValidationException', /duplicates/),
      )
      await expect(read([twice!, twice!])).rejects.toEqual(fails('ValidationException', /duplicates/))
    })

    it('leaves keys for the next call when the answer would grow beyond 16 MB', async () => {
      const keys = Array.from({ length: 45 }, () => ({ pk: { S: ulid() } }))
      for (const Key of keys)
        await given.client.send(
          new PutItemCommand({ TableName: given.plain, Item: { ...Key, data: { S: 'x'.repeat(390_000) } } }),
        )
      const { Responses, UnprocessedKeys } = await given.client.send(
        new BatchGetItemCommand({ RequestItems: { [given.plain]: { Keys: keys } } }),
      )
      const left = UnprocessedKeys?.[given.plain]?.Keys ?? []
      expect(left.length).toBeGreaterThan(0)
      expect(left.length + (Responses?.[given.plain]?.length ?? 0)).toBe(45)
    })
  })

  describe('transactions', () => {
    const put = (pk: string, more: object = {}) => ({
      Put: { TableName: given.plain, Item: { pk: { S: pk } }, ...more },
    })
    const fresh = { ConditionExpression: 'attribute_not_exists(pk)' }
    const read = async (pk: string) =>
      (
        await given.client.send(
          new GetItemCommand({ TableName: given.plain, Key: { pk: { S: pk } }, ConsistentRead: true }),
        )
      ).Item

    it('does all of it or nothing, and gives a reason for each part in order', async () => {
      const [there, a, b] = [ulid(), ulid(), ulid()]
      await given.client.send(new TransactWriteItemsCommand({ TransactItems: [put(there)] }))
      const failed = given.client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            put(a),
            put(there, { ...fresh, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
            {
              ConditionCheck: {
                TableName: given.plain,
                Key: { pk: { S: b } },
                ConditionExpression: 'attribute_exists(pk)',
                ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
              },
            },
          ],
        }),
      )
      await expect(failed).rejects.toMatchObject({
        name: 'TransactionCanceledException',
        message: expect.stringContaining('[None, ConditionalCheckFailed, ConditionalCheckFailed]'),
        CancellationReasons: [
          { Code: 'None' },
          { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', Item: { pk: { S: there } } },
          { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
        ],
      })
      expect(await read(a)).toBeUndefined()
    })

    it('puts, updates, deletes and checks together', async () => {
      const [a, b, c, d] = [ulid(), ulid(), ulid(), ulid()]
      await given.client.send(new TransactWriteItemsCommand({ TransactItems: [put(b), put(c), put(d)] }))
      await given.client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            put(a, fresh),
            {
              Update: {
                TableName: given.plain,
                Key: { pk: { S: b } },
                UpdateExpression: 'ADD n :one',
                ExpressionAttributeValues: { ':one': { N: '1' } },
              },
            },
            { Delete: { TableName: given.plain, Key: { pk: { S: c } }, ConditionExpression: 'attribute_exists(pk)' } },
            {
              ConditionCheck: {
                TableName: given.plain,
                Key: { pk: { S: d } },
                ConditionExpression: 'attribute_exists(pk)',
              },
            },
          ],
        }),
      )
      const { Responses } = await given.client.send(
        new TransactGetItemsCommand({
          TransactItems: [a, b, c, d].map(pk => ({ Get: { TableName: given.plain, Key: { pk: { S: pk } } } })),
        }),
      )
      expect(Responses?.map(({ Item }) => Item)).toEqual([
        { pk: { S: a } },
        { pk: { S: b }, n: { N: '1' } },
        undefined,
        { pk: { S: d } },
      ])
    })

    it('tells an update that does not fit the item as a reason', async () => {
      const [a, b] = [ulid(), ulid()]
      const failed = given.client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            put(a),
            {
              Update: {
                TableName: given.plain,
                Key: { pk: { S: b } },
                UpdateExpression: 'SET n = nowhere + :one',
                ExpressionAttributeValues: { ':one': { N: '1' } },
              },
            },
          ],
        }),
      )
      await expect(failed).rejects.toMatchObject({
        name: 'TransactionCanceledException',
        CancellationReasons: [{ Code: 'None' }, { Code: 'ValidationError' }],
      })
      expect(await read(a)).toBeUndefined()
    })

    it('does a request with the same token once', async () => {
      const pk = ulid()
      const ClientRequestToken = ulid()
      const add = (n: string) =>
        given.client.send(
          new TransactWriteItemsCommand({
            ClientRequestToken,
            TransactItems: [
              {
                Update: {
                  TableName: given.plain,
                  Key: { pk: { S: pk } },
                  UpdateExpression: 'ADD n :n',
                  ExpressionAttributeValues: { ':n': { N: n } },
                },
              },
            ],
          }),
        )
      await add('1')
      await add('1')
      expect(await read(pk)).toMatchObject({ n: { N: '1' } })
      await expect(add('2')).rejects.toEqual(fails('IdempotentParameterMismatchException'))
    })

    it('may be tried again under the token of a cancelled one', async () => {
      const pk = ulid()
      const ClientRequestToken = ulid()
      const attempt = () =>
        given.client.send(
          new TransactWriteItemsCommand({
            ClientRequestToken,
            TransactItems: [put(pk, { ConditionExpression: 'attribute_exists(pk)' })],
          }),
        )
      await expect(attempt()).rejects.toEqual(fails('TransactionCanceledException'))
      await given.client.send(new PutItemCommand({ TableName: given.plain, Item: { pk: { S: pk } } }))
      await attempt()
    })

    it('refuses one item twice, 101 items and more than 4 MB', async () => {
      const [pk] = [ulid()]
      const send = (TransactItems: object[]) =>
        given.client.send(new TransactWriteItemsCommand({ TransactItems: TransactItems as never }))
      await expect(send([put(pk), put(pk)])).rejects.toEqual(
        fails('ValidationException', /multiple operations on one item/),
      )
      await expect(send(Array.from({ length: 101 }, () => put(ulid())))).rejects.toEqual(fails('ValidationException'))
      const large = Array.from({ length: 12 }, () => ({
        Put: { TableName: given.plain, Item: { pk: { S: ulid() }, data: { S: 'x'.repeat(380_000) } } },
      }))
      await expect(send(large)).rejects.toEqual(fails('ValidationException'))
      expect(await read(large[0]!.Put.Item.pk.S)).toBeUndefined()
      await send(Array.from({ length: 100 }, () => put(ulid())))
    })
  })
}
