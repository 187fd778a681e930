import { z } from 'zod'
import { addUnits, readUnits } from '../items/capacity.ts'
import { assertDistinct } from '../items/distinct.ts'
import { executeWrite, type Outcome } from '../items/execute-write.ts'
import { prepareCheck, prepareDelete, preparePut, prepareUpdate } from '../items/prepare-write.ts'
import type { Write } from '../items/write.ts'
import { consumed } from '../protocol/consumed.ts'
import { DynamodbError, invalid } from '../protocol/error.ts'
import { type Need, onItems, operation } from '../protocol/operation.ts'
import {
  checkRequest,
  deleteRequest,
  putRequest,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
  updateRequest,
} from '../protocol/parameters.ts'
import type { Service } from '../service.ts'
import { cancelled, type Reason } from './cancellation.ts'

const maxBytes = 4 * 1024 * 1024

const actions = z.strictObject({
  Put: putRequest.optional(),
  Update: updateRequest.extend({ UpdateExpression: z.string() }).optional(),
  Delete: deleteRequest.optional(),
  ConditionCheck: checkRequest.optional(),
})
type Actions = z.infer<typeof actions>

export const transactWriteItems = operation({
  request: z.strictObject({
    TransactItems: z.array(actions).min(1).max(100),
    ClientRequestToken: z.string().min(1).max(36).optional(),
    ReturnConsumedCapacity: returnConsumedCapacity,
    ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  }),
  needs: (service, input) => input.TransactItems.map(each => needOf(service, each)),
  run: (service, input) => {
    const writes = input.TransactItems.map(each => prepare(service, each))
    assertDistinct(writes, 'Transaction request cannot include multiple operations on one item')
    const { ClientRequestToken: token, TransactItems: payload } = input
    const outcomes = service.database.transaction(() => {
      if (token !== undefined && !service.tokens.claim(token, payload, service.now())) return undefined
      return executeAll(writes)
    })
    const names = [...new Set(writes.map(write => write.table.schema.name))]
    const capacities = names.map(name => {
      const units = writes.flatMap((write, i) =>
        write.table.schema.name === name ? [unitsOf(write, outcomes?.[i])] : [],
      )
      return consumed(input.ReturnConsumedCapacity, name, addUnits(units, 2), outcomes ? 'write' : 'read')
    })
    return { ConsumedCapacity: input.ReturnConsumedCapacity === 'NONE' ? undefined : capacities }
  },
})

/** Every write is tried, so that the answer gives a reason for each; then all are kept or none. */
function executeAll(writes: Write[]): Outcome[] {
  const reasons: Reason[] = []
  const outcomes: Outcome[] = []
  for (const write of writes) {
    try {
      outcomes.push(executeWrite(write))
      reasons.push({ Code: 'None' })
    } catch (error) {
      reasons.push(reasonOf(error))
    }
  }
  if (reasons.some(({ Code }) => Code !== 'None')) throw cancelled(reasons)
  if (outcomes.reduce((bytes, { after }) => bytes + (after?.size ?? 0), 0) > maxBytes)
    throw invalid('The aggregate size of the items in the transaction exceeds 4 MB')
  return outcomes
}

function reasonOf(error: unknown): Reason {
  if (error instanceof DynamodbError) {
    const { type, message, members } = error
    if (type === 'ConditionalCheckFailedException')
      return { Code: 'ConditionalCheckFailed', Message: message, ...members }
    if (type === 'ValidationException') return { Code: 'ValidationError', Message: message }
  }
  throw error
}

/** A repeated request only reads what it wrote before. */
function unitsOf(write: Write, outcome: Outcome | undefined) {
  return outcome?.units ?? { table: readUnits(write.table.items.get(write.key)?.size ?? 0, true), indexes: {} }
}

function needOf(service: Service, each: Actions): Need {
  const { Put, Update, Delete, ConditionCheck } = onlyOne(each)
  if (Put) return onItems(service, 'PutItem', Put.TableName, [Put.Item])
  if (Update) return onItems(service, 'UpdateItem', Update.TableName, [Update.Key])
  if (Delete) return onItems(service, 'DeleteItem', Delete.TableName, [Delete.Key])
  return onItems(service, 'ConditionCheckItem', ConditionCheck!.TableName, [ConditionCheck!.Key])
}

function prepare(service: Service, each: Actions): Write {
  const { Put, Update, Delete, ConditionCheck } = onlyOne(each)
  if (Put) return preparePut(service, Put)
  if (Update) return prepareUpdate(service, Update)
  if (Delete) return prepareDelete(service, Delete)
  return prepareCheck(service, ConditionCheck!)
}

function onlyOne(each: Actions): Actions {
  if (Object.values(each).filter(action => action !== undefined).length === 1) return each
  throw invalid('TransactItems can only contain one of Check, Put, Update or Delete')
}
