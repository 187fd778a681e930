import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { ulid } from 'ulid'
import { beforeAll, describe, expect, it } from 'vitest'
import { seed, times } from '../support/counts.ts'
import type { TestTables } from './dynamodb-endpoint.ts'
import { conditions, type Item, items, updated, updates, writeUpdate } from './dynamodb-model.ts'

/** Milliseconds; the long tier on a busy machine takes minutes. */
const patience = 600_000

/** Random expressions against a model, random numbers against BigInt. */
export function properties(given: TestTables): void {
  /** Partition key `pk`, sort key `sk`, a number. */
  let numbered: string

  beforeAll(async () => {
    numbered = await given.endpoint.table({
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    })
  })

  describe('random expressions', () => {
    it(
      'change an item as the model does, or fail and change nothing',
      async () => {
        const outcomes = { changed: 0, conditional: 0, unfit: 0 }
        await fc.assert(
          fc.asyncProperty(items, conditions, updates, async (before, condition, update) => {
            const pk = ulid()
            await given.endpoint.documents.send(
              new PutCommand({ TableName: given.plain, Item: { pk, ...toStored(before) } }),
            )
            const values: unknown[] = []
            const UpdateExpression = writeUpdate(update, values)
            const ConditionExpression = condition.text(values)
            const error = await given.endpoint.documents
              .send(
                new UpdateCommand({
                  TableName: given.plain,
                  Key: { pk },
                  UpdateExpression,
                  ConditionExpression,
                  ...(values.length > 0 && {
                    ExpressionAttributeValues: Object.fromEntries(values.map((value, i) => [`:v${i}`, value])),
                  }),
                }),
              )
              .then(
                () => undefined,
                (cause: Error) => cause.name,
              )
            const holds = condition.holds(before)
            const after = holds ? updated(before, update) : undefined
            if (!holds) outcomes.conditional++
            else if (after) outcomes.changed++
            else outcomes.unfit++
            expect(error, `${UpdateExpression} if ${ConditionExpression}`).toBe(
              !holds ? 'ConditionalCheckFailedException' : after ? undefined : 'ValidationException',
            )
            const { Item: stored } = await given.endpoint.documents.send(
              new GetCommand({ TableName: given.plain, Key: { pk }, ConsistentRead: true }),
            )
            expect(stored).toEqual({ pk, ...toStored(after ?? before) })
          }),
          { seed, numRuns: times(2000) },
        )
        expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(0)
      },
      patience,
    )
  })

  function toStored({ ss, ...rest }: Item): object {
    return { ...rest, ...(ss && { ss: new Set(ss) }) }
  }

  /** `digits` × 10^`exponent`, the test's own arithmetic on BigInt. */
  interface Decimal {
    digits: bigint
    exponent: number
  }

  const decimals: fc.Arbitrary<Decimal> = fc
    .tuple(
      fc.integer({ min: 1, max: 38 }),
      fc.boolean(),
      fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -130, max: 125 })),
    )
    .chain(([length, negative, magnitude]) =>
      fc.bigInt({ min: 10n ** BigInt(length - 1), max: 10n ** BigInt(length) - 1n }).map(digits => ({
        digits: negative ? -digits : digits,
        exponent: magnitude - length + 1,
      })),
    )

  const scale = ({ digits, exponent }: Decimal, to: number) => digits * 10n ** BigInt(exponent - to)

  const compare = (a: Decimal, b: Decimal) => {
    const to = Math.min(a.exponent, b.exponent)
    const [x, y] = [scale(a, to), scale(b, to)]
    return x < y ? -1 : x > y ? 1 : 0
  }

  const parse = (text: string): Decimal => {
    const [whole = '', fraction = ''] = text.split('.')
    return { digits: BigInt(whole + fraction), exponent: -fraction.length }
  }

  const spell = ({ digits, exponent }: Decimal) => `${digits}e${exponent}`

  describe('random numbers', () => {
    it(
      'come back equal and add up exactly, or are refused when 38 digits do not hold the sum',
      async () => {
        const outcomes = { exact: 0, refused: 0 }
        const nearby = fc.tuple(decimals, decimals, fc.boolean()).map(([a, b, close]): [Decimal, Decimal] => {
          return [a, close ? { ...b, exponent: Math.max(-130, a.exponent) } : b]
        })
        const inRange = ({ digits, exponent }: Decimal) => {
          const length = String(digits).replace('-', '').length
          return exponent + length - 1 <= 125
        }
        await fc.assert(
          fc.asyncProperty(
            nearby.filter(pair => pair.every(inRange)),
            fc.boolean(),
            async ([a, b], subtract) => {
              const Key = { pk: { S: ulid() } }
              await given.client.send(
                new PutItemCommand({ TableName: given.plain, Item: { ...Key, n: { N: spell(a) } } }),
              )
              const before = await given.client.send(new GetItemCommand({ TableName: given.plain, Key }))
              expect(compare(parse(before.Item?.n?.N ?? ''), a)).toBe(0)
              const sign = subtract ? '-' : '+'
              const answer = await given.client
                .send(
                  new UpdateItemCommand({
                    TableName: given.plain,
                    Key,
                    UpdateExpression: `SET n = n ${sign} :b`,
                    ExpressionAttributeValues: { ':b': { N: spell(b) } },
                    ReturnValues: 'UPDATED_NEW',
                  }),
                )
                .then(
                  ({ Attributes }) => Attributes?.n?.N ?? '',
                  (error: Error) => error,
                )
              const to = Math.min(a.exponent, b.exponent)
              const sum = { digits: scale(a, to) + (subtract ? -1n : 1n) * scale(b, to), exponent: to }
              const significant = String(sum.digits).replace('-', '').replace(/0+$/, '').length
              const magnitude = String(sum.digits).replace('-', '').length - 1 + to
              if (sum.digits === 0n || (significant <= 38 && magnitude <= 125 && magnitude >= -130)) {
                expect(compare(parse(String(answer)), sum)).toBe(0)
                outcomes.exact++
              } else {
                expect(answer).toMatchObject({ name: 'ValidationException' })
                outcomes.refused++
              }
              await given.client.send(new DeleteItemCommand({ TableName: given.plain, Key }))
            },
          ),
          { seed, numRuns: times(2000) },
        )
        expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(0)
      },
      patience,
    )

    it(
      'are ordered by value as keys',
      async () => {
        const several = fc.uniqueArray(decimals, {
          minLength: 2,
          maxLength: 25,
          comparator: (a, b) => compare(a, b) === 0,
        })
        await fc.assert(
          fc.asyncProperty(several, async numbers => {
            const pk = ulid()
            await given.client.send(putAll(pk, numbers))
            const { Items } = await given.client.send(
              new QueryCommand({
                TableName: numbered,
                KeyConditionExpression: 'pk = :pk',
                ExpressionAttributeValues: { ':pk': { S: pk } },
              }),
            )
            expect(Items?.map(item => item.spelt?.S)).toEqual([...numbers].sort(compare).map(spell))
            const [pivot] = numbers
            const below = await given.client.send(
              new QueryCommand({
                TableName: numbered,
                KeyConditionExpression: 'pk = :pk AND sk < :pivot',
                ExpressionAttributeValues: { ':pk': { S: pk }, ':pivot': { N: spell(pivot!) } },
                Select: 'COUNT',
              }),
            )
            expect(below.Count).toBe(numbers.filter(number => compare(number, pivot!) < 0).length)
          }),
          { seed, numRuns: times(500) },
        )
      },
      patience,
    )
  })

  function putAll(pk: string, numbers: Decimal[]) {
    const puts = numbers.map(number => ({
      PutRequest: { Item: { pk: { S: pk }, sk: { N: spell(number) }, spelt: { S: spell(number) } } },
    }))
    return new BatchWriteItemCommand({ RequestItems: { [numbered]: puts } })
  }
}
