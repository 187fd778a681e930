import { TransactionConflictException } from '@aws-sdk/client-dynamodb'
import { expect, it } from 'vitest'
import { openTable, put } from '../../lambdas/catalogue/table.ts'

/** A DynamoDB that refuses so many writes because a transaction is at the item. */
function busyTable(conflicts: number) {
  let asked = 0
  const table = openTable('catalogue', {
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: {
      async handle() {
        asked += 1
        const conflict = asked <= conflicts
        const body = conflict ? { __type: 'com.amazonaws.dynamodb.v20120810#TransactionConflictException' } : {}
        const headers = { 'content-type': 'application/x-amz-json-1.0' }
        return {
          response: {
            statusCode: conflict ? 400 : 200,
            headers,
            body: new Blob([JSON.stringify(body)]).stream(),
          } as never,
        }
      },
    },
  })
  return { table, asked: () => asked }
}
const creation = { key: { PK: 'a', SK: 'b' }, item: {} }

it('a write that meets a transaction is tried again, and nobody sees it', async () => {
  const { table, asked } = busyTable(2)
  await put(table, creation)
  expect(asked()).toBe(3)
})

it('one that meets transactions for ever is given up', async () => {
  await expect(put(busyTable(1000).table, creation)).rejects.toBeInstanceOf(TransactionConflictException)
})
