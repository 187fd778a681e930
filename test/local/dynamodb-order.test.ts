import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Database } from '../../infra/local/dynamodb/database.ts'
import { type Range, selectRange } from '../../infra/local/dynamodb/items/range.ts'
import { Tables } from '../../infra/local/dynamodb/tables/tables.ts'

let directory: string
let database: Database
let tables: Tables

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'failsafe-dynamodb-'))
  database = new Database(directory)
  tables = new Tables(database, 'arn:aws:dynamodb:us-east-1:000000000000:table/')
  tables.create(
    {
      TableName: 'orders',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'owner'].map(AttributeName => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-owner',
          KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    },
    new Date(),
  )
})

afterAll(async () => {
  database.close()
  await rm(directory, { recursive: true, force: true })
})

const bytes = Uint8Array.of(1)
const key = { partition: bytes, sort: bytes }
const bound = { bytes, inclusive: true }

const plan = (range: Range) => {
  const { sql, values } = selectRange('items_1', range)
  const rows = database.iterate(`EXPLAIN QUERY PLAN ${sql}`, ...values)
  return Array.from(rows, row => String(row.detail)).join('; ')
}

describe('SQLite', () => {
  it.each([true, false])('seeks in the key for a query and does not sort (forward %s)', forward => {
    const sign = forward ? '>' : '<'
    expect(plan({ partition: bytes, forward })).toBe('SEARCH items_1 USING INDEX items_1_key (pk=?)')
    expect(plan({ partition: bytes, lower: bound, upper: bound, forward })).toBe(
      'SEARCH items_1 USING INDEX items_1_key (pk=? AND sk>? AND sk<?)',
    )
    expect(plan({ partition: bytes, after: { primary: key }, forward })).toBe(
      `SEARCH items_1 USING INDEX items_1_key (pk=? AND sk${sign}?)`,
    )
  })

  it.each([true, false])(
    'seeks behind the last item of an index page, however many share its key (forward %s)',
    forward => {
      const index = tables.get('orders').schema.indexes[0]!
      const sign = forward ? '>' : '<'
      expect(plan({ index, partition: bytes, after: { primary: key, inIndex: key }, forward })).toBe(
        `SEARCH items_1 USING INDEX items_1_i0 (i0_pk=? AND (i0_sk,pk,sk)${sign}(?,?,?))`,
      )
    },
  )

  it('walks an index for a scan and goes on where the last page ended', () => {
    const index = tables.get('orders').schema.indexes[0]!
    expect(plan({ forward: true })).toBe('SCAN items_1 USING INDEX items_1_key')
    expect(plan({ forward: true, after: { primary: key } })).toBe(
      'SEARCH items_1 USING INDEX items_1_key ((pk,sk)>(?,?))',
    )
    expect(plan({ forward: true, segment: { from: bytes, before: bytes } })).toBe(
      'SEARCH items_1 USING INDEX items_1_key (pk>? AND pk<?)',
    )
    expect(plan({ index, forward: true, after: { primary: key, inIndex: key } })).toBe(
      'SEARCH items_1 USING INDEX items_1_i0 ((i0_pk,i0_sk,pk,sk)>(?,?,?,?))',
    )
  })
})
