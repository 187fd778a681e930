import { z } from 'zod'
import { project } from '../expressions/projection.ts'
import type { Update } from '../expressions/update.ts'
import type { Outcome } from '../items/execute-write.ts'
import { prepareUpdate } from '../items/prepare-write.ts'
import { onItems, operation } from '../protocol/operation.ts'
import { returnConsumedCapacity, returnItemCollectionMetrics, updateRequest } from '../protocol/parameters.ts'
import type { Attributes } from '../values/attribute.ts'
import { runWrite } from './run-write.ts'

const returnValues = z.enum(['ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW'])

export const updateItem = operation({
  request: updateRequest.extend({
    ReturnValues: returnValues.default('NONE'),
    ReturnConsumedCapacity: returnConsumedCapacity,
    ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  }),
  needs: (service, input) => [onItems(service, 'UpdateItem', input.TableName, [input.Key])],
  run: (service, input) => {
    const write = prepareUpdate(service, input)
    const update = write.effect.type === 'update' ? write.effect.update : []
    return runWrite(service, write, input.ReturnConsumedCapacity, outcome =>
      returnedAttributes(input.ReturnValues, update, outcome),
    )
  },
})

/** The UPDATED_ forms hold exactly the paths that the expression names. */
function returnedAttributes(
  which: z.infer<typeof returnValues>,
  update: Update,
  { before, after }: Outcome,
): Attributes | undefined {
  const updated = (item: Attributes | undefined) => {
    const found =
      item &&
      project(
        item,
        update.map(({ path }) => path),
      )
    return found && Object.keys(found).length > 0 ? found : undefined
  }
  switch (which) {
    case 'NONE':
      return undefined
    case 'ALL_OLD':
      return before?.item
    case 'ALL_NEW':
      return after?.item
    case 'UPDATED_OLD':
      return updated(before?.item)
    case 'UPDATED_NEW':
      return updated(after?.item)
  }
}
