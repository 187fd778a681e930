import { z } from 'zod'
import { addUnits } from '../items/capacity.ts'
import { assertDistinct } from '../items/distinct.ts'
import { executeWrite } from '../items/execute-write.ts'
import { prepareDelete, preparePut } from '../items/prepare-write.ts'
import { consumed } from '../protocol/consumed.ts'
import { invalid } from '../protocol/error.ts'
import { onItems, operation } from '../protocol/operation.ts'
import { attributes, returnConsumedCapacity, returnItemCollectionMetrics, tableName } from '../protocol/parameters.ts'

const maxWrites = 25

const writeRequest = z.union([
  z.strictObject({ PutRequest: z.strictObject({ Item: attributes }) }),
  z.strictObject({ DeleteRequest: z.strictObject({ Key: attributes }) }),
])

/** AWS promises nothing about the batch as a whole; here it happens to be one transaction and leaves nothing unprocessed. */
export const batchWriteItem = operation({
  request: z.strictObject({
    RequestItems: z
      .record(tableName, z.array(writeRequest).min(1).max(maxWrites))
      .refine(tables => Object.keys(tables).length > 0, {
        error: 'The batch write request list for a table cannot be null or empty',
      }),
    ReturnConsumedCapacity: returnConsumedCapacity,
    ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  }),
  needs: (service, input) =>
    Object.entries(input.RequestItems).map(([name, requests]) =>
      onItems(
        service,
        'BatchWriteItem',
        name,
        requests.map(each => ('PutRequest' in each ? each.PutRequest.Item : each.DeleteRequest.Key)),
      ),
    ),
  run: (service, input) => {
    const writes = Object.entries(input.RequestItems).flatMap(([TableName, requests]) =>
      requests.map(each =>
        'PutRequest' in each
          ? preparePut(service, { TableName, ...each.PutRequest })
          : prepareDelete(service, { TableName, ...each.DeleteRequest }),
      ),
    )
    if (writes.length > maxWrites) throw invalid('Too many items requested for the BatchWriteItem call')
    assertDistinct(writes, 'Provided list of item keys contains duplicates')
    const outcomes = service.database.transaction(() =>
      writes.map(write => ({ name: write.table.schema.name, units: executeWrite(write).units })),
    )
    const capacities = Object.keys(input.RequestItems).map(name => {
      const units = outcomes.filter(outcome => outcome.name === name).map(outcome => outcome.units)
      return consumed(input.ReturnConsumedCapacity, name, addUnits(units))
    })
    return {
      UnprocessedItems: {},
      ConsumedCapacity: input.ReturnConsumedCapacity === 'NONE' ? undefined : capacities,
    }
  },
})
