import { z } from 'zod'
import { addUnits, readUnits } from '../items/capacity.ts'
import { assertDistinct } from '../items/distinct.ts'
import { readProjection, shown } from '../items/read-projection.ts'
import { consumed } from '../protocol/consumed.ts'
import { invalid } from '../protocol/error.ts'
import { onItems, operation } from '../protocol/operation.ts'
import { attributes, names, returnConsumedCapacity, tableName } from '../protocol/parameters.ts'
import { keyOfRequest } from '../tables/key.ts'
import { parseAttributes } from '../values/parse.ts'

const maxBytes = 4 * 1024 * 1024

const get = z.strictObject({
  TableName: tableName,
  Key: attributes,
  ProjectionExpression: z.string().optional(),
  ExpressionAttributeNames: names,
})

/** Every request runs on its own, so a plain series of reads already is one moment. */
export const transactGetItems = operation({
  request: z.strictObject({
    TransactItems: z
      .array(z.strictObject({ Get: get }))
      .min(1)
      .max(100),
    ReturnConsumedCapacity: returnConsumedCapacity,
  }),
  needs: (service, input) =>
    input.TransactItems.map(({ Get }) => onItems(service, 'GetItem', Get.TableName, [Get.Key])),
  run: (service, input) => {
    const gets = input.TransactItems.map(({ Get }) => {
      const table = service.tables.get(Get.TableName)
      return { table, key: keyOfRequest(table.schema, parseAttributes(Get.Key)), projection: readProjection(Get) }
    })
    assertDistinct(gets, 'Transaction request cannot include multiple operations on one item')
    const results = gets.map(each => ({ ...each, found: each.table.items.get(each.key) }))
    if (results.reduce((bytes, { found }) => bytes + (found?.size ?? 0), 0) > maxBytes)
      throw invalid('The aggregate size of the items in the transaction exceeds 4 MB')
    const capacities = [...Map.groupBy(results, ({ table }) => table.schema.name)].map(([name, group]) => {
      const units = group.map(({ found }) => ({ table: readUnits(found?.size ?? 0, true), indexes: {} }))
      return consumed(input.ReturnConsumedCapacity, name, addUnits(units, 2), 'read')
    })
    return {
      Responses: results.map(({ found, projection }) => (found ? { Item: shown(found.item, projection) } : {})),
      ConsumedCapacity: input.ReturnConsumedCapacity === 'NONE' ? undefined : capacities,
    }
  },
})
