import { z } from 'zod'
import { addUnits, readUnits, type Units } from '../items/capacity.ts'
import { assertDistinct } from '../items/distinct.ts'
import { readProjection, shown } from '../items/read-projection.ts'
import { consumed } from '../protocol/consumed.ts'
import { invalid } from '../protocol/error.ts'
import { onItems, operation } from '../protocol/operation.ts'
import { attributes, names, returnConsumedCapacity, tableName } from '../protocol/parameters.ts'
import type { Service } from '../service.ts'
import { keyOfRequest } from '../tables/key.ts'
import type { Attributes } from '../values/attribute.ts'
import { parseAttributes } from '../values/parse.ts'

const maxKeys = 100
const maxAnswerBytes = 16 * 1024 * 1024

const tableRequest = z.strictObject({
  Keys: z.array(attributes).min(1),
  ConsistentRead: z.boolean().default(false),
  ProjectionExpression: z.string().optional(),
  ExpressionAttributeNames: names,
})

export const batchGetItem = operation({
  request: z.strictObject({
    RequestItems: z.record(tableName, tableRequest).refine(tables => Object.keys(tables).length > 0, {
      error: 'The requestItems parameter is required for BatchGetItem',
    }),
    ReturnConsumedCapacity: returnConsumedCapacity,
  }),
  needs: (service, input) =>
    Object.entries(input.RequestItems).map(([name, { Keys }]) => onItems(service, 'BatchGetItem', name, Keys)),
  run: (service, input) => {
    const requests = Object.entries(input.RequestItems)
    if (requests.reduce((sum, [, { Keys }]) => sum + Keys.length, 0) > maxKeys)
      throw invalid('Too many items requested for the BatchGetItem call')
    const prepared = requests.map(([name, request]) => prepare(service, name, request))
    const results = []
    let room = maxAnswerBytes
    for (const each of prepared) {
      const result = read(each, room)
      room -= result.bytes
      results.push({ ...each, ...result })
    }
    const answered = results.filter(({ units }) => units.length > 0)
    const left = results.filter(({ unprocessed }) => unprocessed.length > 0)
    const capacities = answered.map(({ name, units }) => consumed(input.ReturnConsumedCapacity, name, addUnits(units)))
    return {
      Responses: Object.fromEntries(results.map(({ name, items }) => [name, items])),
      UnprocessedKeys: Object.fromEntries(
        left.map(({ name, request, unprocessed }) => [name, { ...request, Keys: unprocessed }]),
      ),
      ConsumedCapacity: input.ReturnConsumedCapacity === 'NONE' ? undefined : capacities,
    }
  },
})

type Prepared = ReturnType<typeof prepare>

function prepare(service: Service, name: string, request: z.infer<typeof tableRequest>) {
  const table = service.tables.get(name)
  const keys = request.Keys.map(sent => ({ sent, key: keyOfRequest(table.schema, parseAttributes(sent)) }))
  assertDistinct(
    keys.map(({ key }) => ({ table, key })),
    'Provided list of item keys contains duplicates',
  )
  return { name, table, request, keys, projection: readProjection(request) }
}

/** Reads until the answer would grow beyond `room` bytes; the rest is the caller's to ask for again. */
function read({ table, keys, request, projection }: Prepared, room: number) {
  const items: Attributes[] = []
  const units: Units[] = []
  let bytes = 0
  for (const [i, { key }] of keys.entries()) {
    const found = table.items.get(key)
    if (found && bytes + found.size > room)
      return { items, units, bytes, unprocessed: keys.slice(i).map(({ sent }) => sent) }
    bytes += found?.size ?? 0
    units.push({ table: readUnits(found?.size ?? 0, request.ConsistentRead), indexes: {} })
    if (found) items.push(shown(found.item, projection))
  }
  return { items, units, bytes, unprocessed: [] }
}
