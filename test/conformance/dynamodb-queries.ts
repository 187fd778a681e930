import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { PutCommand, paginateQuery, paginateScan } from '@aws-sdk/lib-dynamodb'
import { ulid } from 'ulid'
import { beforeAll, describe, expect, it } from 'vitest'
import { fails, type TestTables } from './dynamodb-endpoint.ts'

/** Query and Scan, of tables and of indexes. */
export function queries(given: TestTables): void {
  describe('queries', () => {
    const pk = ulid()
    const words = ['a', 'ab', 'abc', 'b', 'B', '~', 'é', '\uffff', '😀']
    const byBytes = [...words].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)))

    beforeAll(async () => {
      for (const [i, sk] of words.entries())
        await given.endpoint.documents.send(
          new PutCommand({ TableName: given.table, Item: { pk, sk, i, ...(i % 2 && { gpk: pk, gsk: -i, kept: i }) } }),
        )
    })

    const query = async (condition: string, values: Record<string, string>, more: Partial<QueryCommandInput> = {}) => {
      const { Items } = await given.client.send(
        new QueryCommand({
          TableName: given.table,
          KeyConditionExpression: condition,
          ExpressionAttributeValues: Object.fromEntries(
            Object.entries({ ':pk': pk, ...values }).map(([name, S]) => [name, { S }]),
          ),
          ...more,
        }),
      )
      return Items?.map(item => item.sk?.S)
    }

    it('orders string keys by their UTF-8 bytes, either way', async () => {
      expect(await query('pk = :pk', {})).toEqual(byBytes)
      expect(await query('pk = :pk', {}, { ScanIndexForward: false })).toEqual([...byBytes].reverse())
    })

    it.each([
      ['sk = :a', (word: string) => word === 'ab'],
      ['sk < :a', (word: string) => byBytes.indexOf(word) < byBytes.indexOf('ab')],
      ['sk <= :a', (word: string) => byBytes.indexOf(word) <= byBytes.indexOf('ab')],
      ['sk > :a', (word: string) => byBytes.indexOf(word) > byBytes.indexOf('ab')],
      ['sk >= :a', (word: string) => byBytes.indexOf(word) >= byBytes.indexOf('ab')],
      ['begins_with(sk, :a)', (word: string) => word.startsWith('ab')],
    ])('finds %s', async (condition, matches) => {
      expect(await query(`pk = :pk AND ${condition}`, { ':a': 'ab' })).toEqual(byBytes.filter(matches))
      expect(await query(`pk = :pk AND ${condition}`, { ':a': 'ab' }, { ScanIndexForward: false })).toEqual(
        byBytes.filter(matches).reverse(),
      )
    })

    it('finds BETWEEN, both ends included', async () => {
      expect(await query('pk = :pk AND sk BETWEEN :a AND :b', { ':a': 'a', ':b': 'b' })).toEqual([
        'a',
        'ab',
        'abc',
        'b',
      ])
    })

    it.each([true, false])('gives pages that join without loss or repetition (forward %s)', async ScanIndexForward => {
      for (const pageSize of [1, 2, 4, 100]) {
        const found: unknown[] = []
        const pages = paginateQuery(
          { client: given.endpoint.documents, pageSize },
          {
            TableName: given.table,
            KeyConditionExpression: 'pk = :pk AND sk BETWEEN :a AND :b',
            ExpressionAttributeValues: { ':pk': pk, ':a': 'a', ':b': '\uffff' },
            ScanIndexForward,
          },
        )
        for await (const { Items = [] } of pages) {
          expect(Items.length).toBeLessThanOrEqual(pageSize)
          found.push(...Items.map(item => item.sk))
        }
        const expected = byBytes.filter(word => !['B', '😀'].includes(word))
        expect(found).toEqual(ScanIndexForward ? expected : expected.reverse())
      }
    })

    it('finds in an index only the items that have its key, in numeric order and with what it holds', async () => {
      const { Items } = await given.client.send(
        new QueryCommand({
          TableName: given.table,
          IndexName: 'by-number',
          KeyConditionExpression: 'gpk = :pk AND gsk <= :max',
          ExpressionAttributeValues: { ':pk': { S: pk }, ':max': { N: '-3' } },
        }),
      )
      const expected = words
        .map((sk, i) => ({ sk, i }))
        .filter(({ i }) => i % 2 && i >= 3)
        .reverse()
        .map(({ sk, i }) => ({
          pk: { S: pk },
          sk: { S: sk },
          gpk: { S: pk },
          gsk: { N: String(-i) },
          kept: { N: String(i) },
        }))
      expect(Items).toEqual(expected)
    })

    it('pages through an index where many items share one key', async () => {
      const owner = ulid()
      const names = Array.from({ length: 30 }, (_, i) => `i${String(i).padStart(2, '0')}`)
      for (const sk of names)
        await given.endpoint.documents.send(
          new PutCommand({ TableName: given.table, Item: { pk: ulid(), sk, owner, data: 'x' } }),
        )
      for (const ScanIndexForward of [true, false]) {
        const found: string[] = []
        const pages = paginateQuery(
          { client: given.endpoint.documents, pageSize: 7 },
          {
            TableName: given.table,
            IndexName: 'by-owner',
            KeyConditionExpression: '#o = :o',
            ExpressionAttributeNames: { '#o': 'owner' },
            ExpressionAttributeValues: { ':o': owner },
            ScanIndexForward,
          },
        )
        for await (const { Items = [] } of pages) {
          for (const item of Items) expect(Object.keys(item).sort()).toEqual(['owner', 'pk', 'sk'])
          found.push(...Items.map(item => String(item.sk)))
        }
        expect(found.sort()).toEqual(names)
      }
    })

    it('moves an item within an index when its key changes, and takes it out when the key goes', async () => {
      const Key = { pk: { S: ulid() }, sk: { S: 'a' } }
      const owners = [ulid(), ulid()] as const
      const found = async () => {
        const counts = []
        for (const owner of owners) {
          const { Count } = await given.client.send(
            new QueryCommand({
              TableName: given.table,
              IndexName: 'by-owner',
              KeyConditionExpression: '#o = :o',
              ExpressionAttributeNames: { '#o': 'owner' },
              ExpressionAttributeValues: { ':o': { S: owner } },
            }),
          )
          counts.push(Count)
        }
        return counts
      }
      const update = (expression: string, owner?: string) =>
        given.client.send(
          new UpdateItemCommand({
            TableName: given.table,
            Key,
            UpdateExpression: expression,
            ExpressionAttributeNames: { '#o': 'owner' },
            ...(owner && { ExpressionAttributeValues: { ':o': { S: owner } } }),
          }),
        )
      await update('SET #o = :o', owners[0])
      expect(await found()).toEqual([1, 0])
      await update('SET #o = :o', owners[1])
      expect(await found()).toEqual([0, 1])
      await update('REMOVE #o')
      expect(await found()).toEqual([0, 0])
    })

    it('counts before and after the filter, and limits what it looks at rather than what it finds', async () => {
      const page = await given.client.send(
        new QueryCommand({
          TableName: given.table,
          KeyConditionExpression: 'pk = :pk',
          FilterExpression: 'i >= :four',
          ExpressionAttributeValues: { ':pk': { S: pk }, ':four': { N: '4' } },
          Select: 'COUNT',
          Limit: 6,
        }),
      )
      const seen = byBytes.slice(0, 6).map(word => words.indexOf(word))
      expect(page).toMatchObject({ Count: seen.filter(i => i >= 4).length, ScannedCount: 6 })
      expect(page.Items).toBeUndefined()
      expect(page.LastEvaluatedKey).toEqual({ pk: { S: pk }, sk: { S: byBytes[5] } })
    })

    it.each<[string, Partial<QueryCommandInput>, RegExp]>([
      ['a consistent read of an index', { IndexName: 'by-owner', ConsistentRead: true }, /[Cc]onsistent read/],
      ['an index that is not there', { IndexName: 'no-such-index' }, /specified index/],
      ['a start key with too little', { ExclusiveStartKey: { pk: { S: 'x' } } }, /starting key/],
      ['a filter on the key', { FilterExpression: 'sk = :pk' }, /Filter Expression can only contain non-primary key/],
    ])('refuses %s', async (_what, more, message) => {
      const condition = more.IndexName === 'by-owner' ? '#o = :pk' : 'pk = :pk'
      const names = more.IndexName === 'by-owner' ? { ExpressionAttributeNames: { '#o': 'owner' } } : {}
      await expect(query(condition, {}, { ...names, ...more })).rejects.toEqual(fails('ValidationException', message))
    })

    it.each([
      ['sk = :a', /missed key schema element/],
      ['pk > :pk AND sk = :a', /not supported/],
      ['pk = :pk OR sk = :a', /operator/],
      ['pk = :pk AND sk <> :a', /operator/],
      ['pk = :pk AND contains(sk, :a)', /function|not supported/],
      ['pk = :pk AND elsewhere = :a', /missed key schema element|not supported/],
      ['pk = :pk AND sk > :a AND sk < :a', /one condition per key/],
    ])('refuses the key condition %s', async (condition, message) => {
      const used = Object.entries({ ':pk': pk, ':a': 'a' }).filter(([name]) => condition.includes(name))
      await expect(
        given.client.send(
          new QueryCommand({
            TableName: given.table,
            KeyConditionExpression: condition,
            ExpressionAttributeValues: Object.fromEntries(used.map(([name, S]) => [name, { S }])),
          }),
        ),
      ).rejects.toEqual(fails('ValidationException', message))
    })

    it('ends a page at 1 MB', async () => {
      const big = ulid()
      for (let i = 0; i < 6; i++)
        await given.endpoint.documents.send(
          new PutCommand({ TableName: given.table, Item: { pk: big, sk: String(i), data: 'x'.repeat(300_000) } }),
        )
      const counts: number[] = []
      const pages = paginateQuery(
        { client: given.endpoint.documents },
        { TableName: given.table, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': big } },
      )
      for await (const { Items = [] } of pages) counts.push(Items.length)
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(6)
      expect(Math.max(...counts)).toBeLessThanOrEqual(4)
      expect(Math.max(...counts)).toBeGreaterThanOrEqual(3)
    })
  })

  describe('number and binary keys', () => {
    it('orders numbers by value and binaries by bytes, and finds one number in all its spellings', async () => {
      const TableName = await given.endpoint.table({
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'B' },
          { AttributeName: 'sk', AttributeType: 'N' },
          { AttributeName: 'bytes', AttributeType: 'B' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'by-bytes',
            KeySchema: [
              { AttributeName: 'pk', KeyType: 'HASH' },
              { AttributeName: 'bytes', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
      })
      const pk = { B: Uint8Array.of(0, 1, 255) }
      const numbers = ['-1E125', '-10', '-9.5', '-0.001', '-1E-130', '0', '1E-130', '0.5', '2', '10', '10.5', '1E125']
      const bytes = [[255, 255], [255], [0], [0, 0], [1], [127], [128], [0, 255], [254], [1, 0], [2], [3]]
      for (const [i, sk] of [...numbers].entries())
        await given.client.send(
          new PutItemCommand({ TableName, Item: { pk, sk: { N: sk }, bytes: { B: Uint8Array.from(bytes[i]!) } } }),
        )
      const { Items } = await given.client.send(
        new QueryCommand({ TableName, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': pk } }),
      )
      expect(Items?.map(item => Number(item.sk?.N))).toEqual(numbers.map(Number))
      const byBytes = await given.client.send(
        new QueryCommand({
          TableName,
          IndexName: 'by-bytes',
          KeyConditionExpression: 'pk = :pk AND begins_with(bytes, :start)',
          ExpressionAttributeValues: { ':pk': pk, ':start': { B: Uint8Array.of(255) } },
        }),
      )
      expect(byBytes.Items?.map(item => [...(item.bytes?.B ?? [])])).toEqual([[255], [255, 255]])
      const found = await given.client.send(new GetItemCommand({ TableName, Key: { pk, sk: { N: '010.50e0' } } }))
      expect(found.Item?.sk).toEqual({ N: '10.5' })
    })
  })

  describe('scans', () => {
    it('finds every item once, whole or in segments, page by page', async () => {
      const TableName = await given.endpoint.table({
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'N' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      })
      const all = Array.from({ length: 40 }, (_, i) => i)
      for (const pk of all)
        await given.endpoint.documents.send(new PutCommand({ TableName, Item: { pk, even: pk % 2 === 0 } }))
      const found = async (segment: object) => {
        const keys: number[] = []
        for await (const { Items = [] } of paginateScan(
          { client: given.endpoint.documents, pageSize: 7 },
          { TableName, ...segment },
        ))
          keys.push(...Items.map(item => Number(item.pk)))
        return keys
      }
      const ascending = (a: number, b: number) => a - b
      expect((await found({})).sort(ascending)).toEqual(all)
      const segments = await Promise.all([0, 1, 2].map(Segment => found({ Segment, TotalSegments: 3 })))
      expect(segments.flat().sort(ascending)).toEqual(all)
      const filtered = await given.client.send(
        new ScanCommand({
          TableName,
          FilterExpression: 'even = :yes',
          ExpressionAttributeValues: { ':yes': { BOOL: true } },
          Select: 'COUNT',
        }),
      )
      expect(filtered).toMatchObject({ Count: 20, ScannedCount: 40 })
    })

    it('scans an index for the items that are in it', async () => {
      const { Items = [] } = await given.client.send(
        new ScanCommand({ TableName: given.table, IndexName: 'by-number' }),
      )
      expect(Items.length).toBeGreaterThan(0)
      for (const item of Items) expect(item).toHaveProperty('gsk')
    })
  })
}
