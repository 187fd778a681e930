import {
  type AttributeValue,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { ulid } from 'ulid'
import { describe, expect, it } from 'vitest'
import { fails, type TestTables } from './dynamodb-endpoint.ts'

/** What one item may be, and what is given back. */
export function items(given: TestTables): void {
  describe('single items', () => {
    const key = () => ({ pk: { S: ulid() }, sk: { S: 'a' } })

    it('gives back every type as it was put', async () => {
      const item = {
        pk: ulid(),
        sk: 'types',
        string: 'naïve 😀 \u0000',
        empty: '',
        number: 12345678901234,
        binary: Uint8Array.of(0, 255, 1),
        yes: true,
        nothing: null,
        strings: new Set(['a', 'b']),
        numbers: new Set([1, 2]),
        binaries: new Set([Uint8Array.of(1), Uint8Array.of(2)]),
        list: [1, 'a', [false], { deep: new Set(['x']) }],
        map: { a: { b: { c: 1 } }, '': 'empty name inside a map' },
      }
      await given.endpoint.documents.send(new PutCommand({ TableName: given.table, Item: item }))
      const { Item } = await given.endpoint.documents.send(
        new GetCommand({ TableName: given.table, Key: { pk: item.pk, sk: item.sk }, ConsistentRead: true }),
      )
      expect(Item).toEqual(item)
    })

    it('keeps attributes that are named like parts of a JavaScript object', async () => {
      const Key = key()
      const odd = JSON.parse('{"__proto__":{"S":"p"}}')
      const Item = { ...Key, ...odd, constructor: { S: 'c' }, map: { M: odd } }
      await given.client.send(new PutItemCommand({ TableName: given.table, Item }))
      const found = await given.client.send(new GetItemCommand({ TableName: given.table, Key }))
      expect(JSON.stringify(found.Item?.map)).toBe('{"M":{"__proto__":{"S":"p"}}}')
      const condition = (name: string) =>
        given.client.send(
          new PutItemCommand({
            TableName: given.table,
            Item,
            ConditionExpression: 'attribute_exists(#n)',
            ExpressionAttributeNames: { '#n': name },
          }),
        )
      await condition('constructor')
      await condition('__proto__')
      await expect(condition('toString')).rejects.toEqual(fails('ConditionalCheckFailedException'))
    })

    it.each([
      ['0001.50', '1.5'],
      ['-0', '0'],
      ['1e3', '1000'],
      ['-12.3400E-2', '-0.1234'],
      ['12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
      ['0.12345678901234567890123456789012345678', '0.12345678901234567890123456789012345678'],
      ['9.9999999999999999999999999999999999999E125', `${'9'.repeat(38)}${'0'.repeat(88)}`],
      ['-1E-130', `-0.${'0'.repeat(129)}1`],
    ])('stores the number %s as %s', async (sent, stored) => {
      const Key = key()
      await given.client.send(new PutItemCommand({ TableName: given.table, Item: { ...Key, n: { N: sent } } }))
      const { Item } = await given.client.send(new GetItemCommand({ TableName: given.table, Key }))
      expect(Item?.n).toEqual({ N: stored })
    })

    it.each([
      ['123456789012345678901234567890123456789', /38 significant digits/],
      ['1E126', /overflow/],
      ['-1E126', /overflow/],
      ['1E-131', /underflow/],
      ['abc', /cannot be converted to a numeric value/],
      ['', /cannot be converted to a numeric value/],
      ['NaN', /cannot be converted to a numeric value/],
    ])('refuses the number %s', async (sent, message) => {
      await expect(
        given.client.send(new PutItemCommand({ TableName: given.table, Item: { ...key(), n: { N: sent } } })),
      ).rejects.toEqual(fails('ValidationException', message))
    })

    it.each([
      ['an empty set', { SS: [] }],
      ['a set with duplicates', { SS: ['a', 'a'] }],
      ['a set with the same number twice', { NS: ['1', '1.0'] }],
      ['a null that is false', { NULL: false }],
      ['two types at once', { S: 'a', N: '1' }],
      ['no type', {}],
    ])('refuses %s', async (_what, value) => {
      await expect(
        given.client.send(
          new PutItemCommand({ TableName: given.table, Item: { ...key(), wrong: value as unknown as AttributeValue } }),
        ),
      ).rejects.toEqual(fails('ValidationException'))
    })

    it('takes 32 levels of nesting and refuses 33', async () => {
      const nested = (levels: number): object => (levels === 0 ? { S: 'x' } : { L: [nested(levels - 1)] })
      const put = (levels: number) =>
        given.client.send(
          new PutItemCommand({ TableName: given.table, Item: { ...key(), nested: nested(levels) as never } }),
        )
      await put(32)
      await expect(put(33)).rejects.toEqual(fails('ValidationException', /[Nn]esting/))
    })

    it('takes an item of 400 KB and refuses one byte more', async () => {
      const put = (bytes: number) => {
        const Key = { pk: { S: ulid() }, sk: { S: 'a' } }
        const rest = 'pk'.length + 26 + 'sk'.length + 1 + 'data'.length
        return given.client.send(
          new PutItemCommand({ TableName: given.table, Item: { ...Key, data: { S: 'x'.repeat(bytes - rest) } } }),
        )
      }
      await put(400 * 1024)
      await expect(put(400 * 1024 + 1)).rejects.toEqual(fails('ValidationException', /[Ii]tem size/))
    })

    it('refuses an update that makes an item larger than 400 KB', async () => {
      const Key = key()
      await given.client.send(
        new PutItemCommand({ TableName: given.table, Item: { ...Key, a: { S: 'x'.repeat(300_000) } } }),
      )
      await expect(
        given.client.send(
          new UpdateItemCommand({
            TableName: given.table,
            Key,
            UpdateExpression: 'SET b = :b',
            ExpressionAttributeValues: { ':b': { S: 'x'.repeat(200_000) } },
          }),
        ),
      ).rejects.toEqual(fails('ValidationException', /[Ii]tem size/))
    })

    it.each([
      ['a missing sort key', { pk: { S: 'a' } }, /key/],
      ['a key of the wrong type', { pk: { S: 'a' }, sk: { N: '1' } }, /[Tt]ype mismatch/],
      ['an empty key', { pk: { S: '' }, sk: { S: 'a' } }, /empty string/],
      ['a partition key that is too long', { pk: { S: 'x'.repeat(2049) }, sk: { S: 'a' } }, /size/i],
      ['a sort key that is too long', { pk: { S: 'a' }, sk: { S: 'x'.repeat(1025) } }, /size/i],
      ['an index key of the wrong type', { pk: { S: 'a' }, sk: { S: 'a' }, owner: { N: '1' } }, /[Tt]ype mismatch/],
      ['an empty index key', { pk: { S: 'a' }, sk: { S: 'a' }, owner: { S: '' } }, /empty string/],
    ])('refuses to put %s', async (_what, Item, message) => {
      await expect(
        given.client.send(new PutItemCommand({ TableName: given.table, Item: Item as never })),
      ).rejects.toEqual(fails('ValidationException', message))
    })

    it('refuses a key with more or less than the key', async () => {
      const keys: Record<string, AttributeValue>[] = [
        { pk: { S: 'a' } },
        { pk: { S: 'a' }, sk: { S: 'b' }, more: { S: 'c' } },
      ]
      for (const Key of keys)
        await expect(given.client.send(new GetItemCommand({ TableName: given.table, Key }))).rejects.toEqual(
          fails('ValidationException', /key element does not match the schema|number of conditions/),
        )
    })

    it('returns the old item where asked', async () => {
      const Key = key()
      const put = (v: string) =>
        given.client.send(
          new PutItemCommand({ TableName: given.table, Item: { ...Key, v: { S: v } }, ReturnValues: 'ALL_OLD' }),
        )
      expect((await put('1')).Attributes).toBeUndefined()
      expect((await put('2')).Attributes).toEqual({ ...Key, v: { S: '1' } })
      const removed = await given.client.send(
        new DeleteItemCommand({ TableName: given.table, Key, ReturnValues: 'ALL_OLD' }),
      )
      expect(removed.Attributes).toEqual({ ...Key, v: { S: '2' } })
      const again = await given.client.send(
        new DeleteItemCommand({ TableName: given.table, Key, ReturnValues: 'ALL_OLD' }),
      )
      expect(again.Attributes).toBeUndefined()
    })

    it('projects the attributes that a read names', async () => {
      const Key = key()
      const Item = {
        ...Key,
        a: { M: { b: { L: [{ S: '0' }, { S: '1' }, { S: '2' }] }, c: { S: 'c' } } },
        d: { S: 'd' },
      }
      await given.client.send(new PutItemCommand({ TableName: given.table, Item }))
      const found = await given.client.send(
        new GetItemCommand({
          TableName: given.table,
          Key,
          ProjectionExpression: '#a.b[2], #a.b[0], d, nowhere',
          ExpressionAttributeNames: { '#a': 'a' },
        }),
      )
      expect(found.Item).toEqual({ a: { M: { b: { L: [{ S: '0' }, { S: '2' }] } } }, d: { S: 'd' } })
    })

    it('shows the item that a condition failed on, if asked', async () => {
      const Key = key()
      const Item = { ...Key, v: { S: '1' } }
      await given.client.send(new PutItemCommand({ TableName: given.table, Item }))
      const put = (show: 'ALL_OLD' | 'NONE') =>
        given.client.send(
          new PutItemCommand({
            TableName: given.table,
            Item,
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: show,
          }),
        )
      await expect(put('ALL_OLD')).rejects.toMatchObject({ name: 'ConditionalCheckFailedException', Item })
      await expect(put('NONE')).rejects.toMatchObject({ name: 'ConditionalCheckFailedException', Item: undefined })
    })
  })
}
