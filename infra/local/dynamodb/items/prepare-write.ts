import { parseCondition } from '../expressions/parse-condition.ts'
import { parseUpdate } from '../expressions/parse-update.ts'
import { type Placeholders, readPlaceholders } from '../expressions/placeholders.ts'
import type { Update } from '../expressions/update.ts'
import { invalid, invalidValue } from '../protocol/error.ts'
import type { CheckRequest, DeleteRequest, PutRequest, UpdateRequest } from '../protocol/parameters.ts'
import type { Service } from '../service.ts'
import { keyOfItem, keyOfRequest } from '../tables/key.ts'
import { namesOf } from '../tables/schema.ts'
import { placementOf, type Table } from '../tables/table.ts'
import type { Attributes } from '../values/attribute.ts'
import { parseAttributes } from '../values/parse.ts'
import { sizeOfItem } from '../values/size.ts'
import type { Effect, Write } from './write.ts'

export const maxItemBytes = 400 * 1024

type Conditional = Pick<
  DeleteRequest,
  | 'TableName'
  | 'ConditionExpression'
  | 'ExpressionAttributeNames'
  | 'ExpressionAttributeValues'
  | 'ReturnValuesOnConditionCheckFailure'
>

/** Each of these reads a request completely. @throws ValidationException, ResourceNotFoundException */
export function preparePut(service: Service, request: PutRequest): Write {
  const table = service.tables.get(request.TableName)
  const item = parseAttributes(request.Item)
  const key = keyOfItem(table.schema, item)
  placementOf(table, item)
  if (sizeOfItem(item) > maxItemBytes) throw invalid('Item size has exceeded the maximum allowed size')
  return finish(request, table, key, () => ({ type: 'put', item }))
}

export function prepareDelete(service: Service, request: DeleteRequest): Write {
  const { table, key } = keyed(service, request)
  return finish(request, table, key, () => ({ type: 'delete' }))
}

export function prepareCheck(service: Service, request: CheckRequest): Write {
  const { table, key } = keyed(service, request)
  return finish(request, table, key, () => ({ type: 'check' }))
}

export function prepareUpdate(service: Service, request: UpdateRequest): Write {
  const { table, key, attributes } = keyed(service, request)
  return finish(request, table, key, placeholders => {
    const { UpdateExpression: source } = request
    const update = source === undefined ? [] : parseUpdate(source, placeholders)
    refuseKeyChange(table, update)
    return { type: 'update', update, key: attributes }
  })
}

function keyed(service: Service, request: { TableName: string; Key: Record<string, unknown> }) {
  const table = service.tables.get(request.TableName)
  const attributes: Attributes = parseAttributes(request.Key)
  return { table, attributes, key: keyOfRequest(table.schema, attributes) }
}

function finish(
  request: Conditional & { UpdateExpression?: string | undefined },
  table: Table,
  key: Write['key'],
  effectOf: (placeholders: Placeholders) => Effect,
): Write {
  const { ConditionExpression, UpdateExpression } = request
  const placeholders = readPlaceholders(request, { ConditionExpression, UpdateExpression })
  const effect = effectOf(placeholders)
  const condition =
    ConditionExpression === undefined
      ? undefined
      : parseCondition('ConditionExpression', ConditionExpression, placeholders)
  placeholders.assertAllUsed()
  return { table, key, condition, effect, showOnFailure: request.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' }
}

function refuseKeyChange(table: Table, update: Update): void {
  const keys = namesOf(table.schema.key)
  const changed = update.find(({ path }) => keys.some(name => name === path[0]))
  if (changed) throw invalidValue(`Cannot update attribute ${changed.path[0]}. This attribute is part of the key`)
}
