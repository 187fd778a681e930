import { z } from 'zod'
import { prepareDelete } from '../items/prepare-write.ts'
import { onItems, operation } from '../protocol/operation.ts'
import { deleteRequest, returnConsumedCapacity, returnItemCollectionMetrics } from '../protocol/parameters.ts'
import { runWrite } from './run-write.ts'

export const deleteItem = operation({
  request: deleteRequest.extend({
    ReturnValues: z.enum(['ALL_OLD', 'NONE']).default('NONE'),
    ReturnConsumedCapacity: returnConsumedCapacity,
    ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  }),
  needs: (service, input) => [onItems(service, 'DeleteItem', input.TableName, [input.Key])],
  run: (service, input) =>
    runWrite(service, prepareDelete(service, input), input.ReturnConsumedCapacity, ({ before }) =>
      input.ReturnValues === 'ALL_OLD' ? before?.item : undefined,
    ),
})
