import { Database } from '../../infra/local/dynamodb/database.ts'
import { parseRequest } from '../../infra/local/dynamodb/protocol/parse-request.ts'
import { tableDefinition } from '../../infra/local/dynamodb/tables/definition.ts'
import { keyOfItem } from '../../infra/local/dynamodb/tables/key.ts'
import { placementOf } from '../../infra/local/dynamodb/tables/table.ts'
import { Tables } from '../../infra/local/dynamodb/tables/tables.ts'
import type { Attributes, AttributeValue } from '../../infra/local/dynamodb/values/attribute.ts'
import { sizeOfItem } from '../../infra/local/dynamodb/values/size.ts'
import { byTimeIndex } from '../../lambdas/catalogue/by-time.ts'
import type { Key } from '../../lambdas/catalogue/table.ts'

export const region = 'us-east-1'

export const definition = {
  TableName: 'catalogue',
  AttributeDefinitions: ['PK', 'SK', 'gpk', 'gsk'].map(AttributeName => ({
    AttributeName,
    AttributeType: 'S' as const,
  })),
  KeySchema: [
    { AttributeName: 'PK', KeyType: 'HASH' as const },
    { AttributeName: 'SK', KeyType: 'RANGE' as const },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: byTimeIndex,
      KeySchema: [
        { AttributeName: 'gpk', KeyType: 'HASH' as const },
        { AttributeName: 'gsk', KeyType: 'RANGE' as const },
      ],
      Projection: { ProjectionType: 'ALL' as const },
    },
  ],
  BillingMode: 'PAY_PER_REQUEST' as const,
}

export interface Row {
  key: Key
  item: Record<string, unknown>
}

const rowsInTransaction = 20_000

/** Writes items straight into the stand-in's database before it starts: a million through its API would take an hour. */
export function fill(directory: string, rows: Iterable<Row>): number {
  const database = new Database(directory)
  try {
    const tables = new Tables(database, `arn:aws:dynamodb:${region}:000000000000:table/`)
    const table = tables.create(parseRequest(tableDefinition, definition), new Date())
    tables.setTimeToLive(table, 'ttl')
    let count = 0
    const iterator = rows[Symbol.iterator]()
    for (let more = true; more; )
      database.transaction(() => {
        for (let i = 0; i < rowsInTransaction; i++) {
          const { done, value } = iterator.next()
          if (done) {
            more = false
            return
          }
          const item = attributesOf({ ...value.item, ...value.key })
          table.items.put(
            keyOfItem(table.schema, item),
            { item, size: sizeOfItem(item) },
            placementOf(table, item),
            undefined,
          )
          count++
        }
      })
    return count
  } finally {
    database.close()
  }
}

function attributesOf(item: object): Attributes {
  const present = Object.entries(item).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present.map(([name, value]) => [name, attributeOf(value)]))
}

function attributeOf(value: unknown): AttributeValue {
  if (value === null) return { NULL: true }
  if (Array.isArray(value)) return { L: value.map(attributeOf) }
  if (value instanceof Uint8Array) return { B: Buffer.from(value).toString('base64') }
  switch (typeof value) {
    case 'string':
      return { S: value }
    case 'number':
      return { N: String(value) }
    case 'boolean':
      return { BOOL: value }
    default:
      return { M: attributesOf(value as object) }
  }
}
