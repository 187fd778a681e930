import { z } from 'zod'
import { preparePut } from '../items/prepare-write.ts'
import { onItems, operation } from '../protocol/operation.ts'
import { putRequest, returnConsumedCapacity, returnItemCollectionMetrics } from '../protocol/parameters.ts'
import { runWrite } from './run-write.ts'

export const putItem = operation({
  request: putRequest.extend({
    ReturnValues: z.enum(['ALL_OLD', 'NONE']).default('NONE'),
    ReturnConsumedCapacity: returnConsumedCapacity,
    ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  }),
  needs: (service, input) => [onItems(service, 'PutItem', input.TableName, [input.Item])],
  run: (service, input) =>
    runWrite(service, preparePut(service, input), input.ReturnConsumedCapacity, ({ before }) =>
      input.ReturnValues === 'ALL_OLD' ? before?.item : undefined,
    ),
})
