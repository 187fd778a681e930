import { startDynamodb } from '../../infra/local/dynamodb/server.ts'
import { openAccess } from '../conformance/dynamodb-endpoint.ts'

/** A stand-in in a process of its own, to be killed. Prints its URL. */
const server = await startDynamodb({ directory: process.argv[2]!, access: openAccess })
await server.createTable({
  TableName: 'kill',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'owner', AttributeType: 'S' },
  ],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'by-owner',
      KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
})
console.log(server.url)
