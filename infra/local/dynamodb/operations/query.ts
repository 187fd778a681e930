import { z } from 'zod'
import { type Condition, pathsOf } from '../expressions/condition.ts'
import { type KeyRange, readKeyCondition } from '../expressions/key-condition.ts'
import { readPage } from '../items/page.ts'
import type { Bound, Position } from '../items/range.ts'
import { answerPage, prepareReading, readParameters } from '../items/read-request.ts'
import { readStartKey } from '../items/start-key.ts'
import { invalid } from '../protocol/error.ts'
import { type Need, onTable, operation } from '../protocol/operation.ts'
import type { Service } from '../service.ts'
import { type KeySchema, namesOf } from '../tables/schema.ts'

const request = z.strictObject({
  ...readParameters,
  KeyConditionExpression: z.string(),
  ScanIndexForward: z.boolean().default(true),
})

type Input = z.infer<typeof request>

export const query = operation({
  request,
  needs: (service, input) => [needOf(service, input)],
  run: (service, input) => {
    const table = service.tables.get(input.TableName)
    const { index, rest: keys, ...reading } = prepare(service, input)
    if (reading.filter) refuseKeys(index?.schema ?? table.schema.key, reading.filter)
    const after = readStartKey(table, index, input.ExclusiveStartKey)
    if (after) assertWithin(keys, after)
    const { partition, lower, upper } = keys
    const range = {
      partition,
      forward: input.ScanIndexForward,
      ...(index && { index }),
      ...(lower && { lower }),
      ...(upper && { upper }),
      ...(after && { after }),
    }
    return answerPage(table, index, input, readPage({ table, range, limit: input.Limit, ...reading }))
  },
})

function prepare(service: Service, input: Input) {
  const table = service.tables.get(input.TableName)
  return prepareReading(table, input, (index, placeholders) =>
    readKeyCondition(index?.schema ?? table.schema.key, input.KeyConditionExpression, placeholders),
  )
}

/** The leading key stands in the key condition, so that has to be read before the request is allowed. */
function needOf(service: Service, input: Input): Need {
  const { TableName, IndexName } = input
  const need = onTable(service, 'Query', TableName)
  const resource = IndexName === undefined ? need.resource : `${need.resource}/index/${IndexName}`
  if (!service.tables.find(TableName)) return { ...need, resource }
  const [leadingKey] = Object.values(prepare(service, input).rest.value) as string[]
  return { ...need, resource, leadingKeys: [leadingKey!] }
}

/** A filter would hide in the result what the key condition should have said. */
function refuseKeys(schema: KeySchema, filter: Condition): void {
  const key = pathsOf(filter).find(([name]) => namesOf(schema).some(each => each === name))
  if (key)
    throw invalid(`Filter Expression can only contain non-primary key attributes: Primary key attribute: ${key[0]}`)
}

function assertWithin({ partition, lower, upper }: KeyRange, { primary, inIndex }: Position): void {
  const at = inIndex ?? primary
  const beyond = (bound: Bound | undefined, sign: 1 | -1) => {
    const order = bound ? sign * Buffer.compare(at.sort, bound.bytes) : -1
    return order > 0 || (order === 0 && !bound?.inclusive)
  }
  if (Buffer.compare(at.partition, partition) !== 0 || beyond(upper, 1) || beyond(lower, -1))
    throw invalid('The provided starting key is outside query boundaries based on provided conditions')
}
