import type { Table } from './table.ts'
import type { Tables } from './tables.ts'

/** TableDescription as AWS gives it. Tables are active at once; the first answer says CREATING, as clients expect. */
export function describe(tables: Tables, table: Table, status: 'CREATING' | 'ACTIVE' | 'DELETING'): object {
  const { definition, arn, created } = table
  const { items, bytes } = tables.sizeOf(table)
  const { BillingMode: billing = 'PROVISIONED', ProvisionedThroughput: throughput } = definition
  const noThroughput = { ReadCapacityUnits: 0, WriteCapacityUnits: 0 }
  return {
    TableName: definition.TableName,
    TableArn: arn,
    TableStatus: status,
    CreationDateTime: created.getTime() / 1000,
    AttributeDefinitions: definition.AttributeDefinitions,
    KeySchema: definition.KeySchema,
    ItemCount: items,
    TableSizeBytes: bytes,
    BillingModeSummary: { BillingMode: billing },
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ...(throughput ?? noThroughput) },
    DeletionProtectionEnabled: definition.DeletionProtectionEnabled ?? false,
    GlobalSecondaryIndexes: definition.GlobalSecondaryIndexes?.map(index => ({
      IndexName: index.IndexName,
      IndexArn: `${arn}/index/${index.IndexName}`,
      IndexStatus: status,
      KeySchema: index.KeySchema,
      Projection: index.Projection,
      ProvisionedThroughput: { NumberOfDecreasesToday: 0, ...(index.ProvisionedThroughput ?? noThroughput) },
    })),
  }
}
