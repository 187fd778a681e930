import { z } from 'zod'
import { readUnits } from '../items/capacity.ts'
import { readProjection, shown } from '../items/read-projection.ts'
import { consumed } from '../protocol/consumed.ts'
import { onItems, operation } from '../protocol/operation.ts'
import { attributes, names, returnConsumedCapacity, tableName } from '../protocol/parameters.ts'
import { keyOfRequest } from '../tables/key.ts'
import { parseAttributes } from '../values/parse.ts'

export const getItem = operation({
  request: z.strictObject({
    TableName: tableName,
    Key: attributes,
    ConsistentRead: z.boolean().default(false),
    ProjectionExpression: z.string().optional(),
    ExpressionAttributeNames: names,
    ReturnConsumedCapacity: returnConsumedCapacity,
  }),
  needs: (service, input) => [onItems(service, 'GetItem', input.TableName, [input.Key])],
  run: (service, input) => {
    const table = service.tables.get(input.TableName)
    const key = keyOfRequest(table.schema, parseAttributes(input.Key))
    const projection = readProjection(input)
    const found = table.items.get(key)
    const units = { table: readUnits(found?.size ?? 0, input.ConsistentRead), indexes: {} }
    return {
      Item: found && shown(found.item, projection),
      ConsumedCapacity: consumed(input.ReturnConsumedCapacity, input.TableName, units),
    }
  },
})
