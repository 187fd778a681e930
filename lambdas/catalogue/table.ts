import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import type { z } from 'zod'
import { ProblemError } from '../../shared/problem.ts'

/** The catalogue: one DynamoDB table. Every file beside this one is one noun in it; items are parsed when read. */
export interface Table {
  name: string
  documents: DynamoDBDocumentClient
}

export interface Key {
  PK: string
  SK: string
}

/** A conditional write. `#name` in an expression is the attribute `name`, so that reserved words never matter. */
export interface Change {
  key: Key
  update: string
  condition?: string
  values?: Record<string, unknown>
}

export interface Creation {
  key: Key
  item: Record<string, unknown>
  condition?: string
  values?: Record<string, unknown>
}

export type Removal = Omit<Change, 'update'>

export type Step =
  | { put: Creation }
  | { update: Change }
  | { remove: Removal }
  | { check: Removal & { condition: string } }

/** Nothing is there yet. */
export const absent = 'attribute_not_exists(#PK)'
export const present = 'attribute_exists(#PK)'

/** @param options for tests: another endpoint or credentials. On Lambda the environment has both. */
export function openTable(name: string, options: ConstructorParameters<typeof DynamoDBClient>[0] = {}): Table {
  const client = new DynamoDBClient(options)
  // A single write that meets a transaction at the same item is refused for that moment only: the SDK tries it again.
  client.middlewareStack.add(
    next => async args => {
      try {
        return await next(args)
      } catch (error) {
        if (error instanceof TransactionConflictException) Object.assign(error, { $retryable: { throttling: false } })
        throw error
      }
    },
    { step: 'deserialize', priority: 'high', name: 'retryConflicts' },
  )
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
  return { name, documents }
}

export async function read<T>(table: Table, schema: z.ZodType<T>, key: Key): Promise<T | undefined> {
  const { Item } = await table.documents.send(new GetCommand({ TableName: table.name, Key: key, ConsistentRead: true }))
  return Item && schema.parse(Item)
}

export async function put(table: Table, creation: Creation): Promise<void> {
  await table.documents.send(new PutCommand(putOf(table, creation)))
}

export async function update(table: Table, change: Change): Promise<void> {
  await table.documents.send(new UpdateCommand(updateOf(table, change)))
}

/** Idempotent without a condition: what is not there is no error. Only the janitor's role may. */
export async function remove(table: Table, removal: Removal): Promise<void> {
  await table.documents.send(new DeleteCommand(removalOf(table, removal)))
}

/** All or nothing; at most 100 steps. */
export async function transact(table: Table, steps: Step[]): Promise<void> {
  type Item = NonNullable<TransactWriteCommandInput['TransactItems']>[number]
  const items = steps.map((step): Item => {
    if ('put' in step) return { Put: putOf(table, step.put) }
    if ('update' in step) return { Update: updateOf(table, step.update) }
    if ('remove' in step) return { Delete: removalOf(table, step.remove) }
    const { key, condition, values } = step.check
    return {
      ConditionCheck: {
        TableName: table.name,
        Key: key,
        ConditionExpression: condition,
        ExpressionAttributeNames: namesIn(condition),
        ExpressionAttributeValues: values,
      },
    }
  })
  await table.documents.send(new TransactWriteCommand({ TransactItems: items }))
}

/** What there is of many items, in no order: a hundred with each request. `keys` may name an item twice. */
export async function readMany<T>(table: Table, schema: z.ZodType<T>, keys: Key[]): Promise<T[]> {
  const left = [...new Map(keys.map(key => [`${key.PK}\n${key.SK}`, key])).values()]
  const found: T[] = []
  for (let fruitless = 0; left.length > 0; ) {
    const asked = left.splice(0, 100)
    const request = { RequestItems: { [table.name]: { Keys: asked, ConsistentRead: true } } }
    const { Responses, UnprocessedKeys } = await table.documents.send(new BatchGetCommand(request))
    for (const item of Responses?.[table.name] ?? []) found.push(schema.parse(item))
    // what did not fit into 16 MB, or was too much at once
    const unprocessed = (UnprocessedKeys?.[table.name]?.Keys ?? []) as Key[]
    fruitless = unprocessed.length === asked.length ? fruitless + 1 : 0
    if (fruitless >= 5) throw new ProblemError('throttled', 'the catalogue is busy')
    left.push(...unprocessed)
  }
  return found
}

/** Pages grow up to DynamoDB's own limit of 1 MB: who needs little reads little, who needs much makes few requests. */
const pageGrowth = 4
const largestCount = 1000

/**
 * Items of one partition whose SK lies in `from`..`to` (both included), lazily: pages are read as the caller goes on.
 * `filter` is decided by DynamoDB after the page was read. `pageSize` is how many items the first page has; without it all pages have 1 MB.
 */
export async function* query<T>(
  table: Table,
  schema: z.ZodType<T>,
  range: { PK: string; from: string; to: string; backwards?: boolean; pageSize?: number },
  filter?: { expression: string; values: Record<string, unknown> },
): AsyncGenerator<T> {
  let start: Record<string, unknown> | undefined
  let limit = range.pageSize
  do {
    const page = await table.documents.send(
      new QueryCommand({
        TableName: table.name,
        KeyConditionExpression: '#PK = :PK AND #SK BETWEEN :from AND :to',
        FilterExpression: filter?.expression,
        ExpressionAttributeNames: namesIn(`#PK #SK ${filter?.expression ?? ''}`),
        ExpressionAttributeValues: { ':PK': range.PK, ':from': range.from, ':to': range.to, ...filter?.values },
        ScanIndexForward: !range.backwards,
        ConsistentRead: true,
        Limit: limit,
        ExclusiveStartKey: start,
      }),
    )
    for (const item of page.Items ?? []) yield schema.parse(item)
    start = page.LastEvaluatedKey
    limit = limit === undefined || limit * pageGrowth > largestCount ? undefined : limit * pageGrowth
  } while (start)
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Everything that begins with `prefix`: the range of it. */
export function prefixed(PK: string, prefix: string): { PK: string; from: string; to: string } {
  return { PK, from: prefix, to: `${prefix}\uffff` }
}

/** Whether a write, single or in a transaction, was refused by a condition or lost a race; reading again tells which. */
export function isRefused(error: unknown): boolean {
  if (error instanceof ConditionalCheckFailedException) return true
  if (!(error instanceof TransactionCanceledException)) return false
  const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code ?? 'None').filter(code => code !== 'None')
  return codes.length > 0 && codes.every(code => code === 'ConditionalCheckFailed' || code === 'TransactionConflict')
}

function putOf(table: Table, { key, item, condition, values }: Creation) {
  return {
    TableName: table.name,
    Item: { ...item, ...key },
    ...(condition === undefined
      ? {}
      : {
          ConditionExpression: condition,
          ExpressionAttributeNames: namesIn(condition),
          ExpressionAttributeValues: values,
        }),
  }
}

function updateOf(table: Table, { key, update, condition, values }: Change) {
  return {
    TableName: table.name,
    Key: key,
    UpdateExpression: update,
    ConditionExpression: condition,
    ExpressionAttributeNames: namesIn(`${update} ${condition ?? ''}`),
    ExpressionAttributeValues: values,
  }
}

function removalOf(table: Table, { key, condition, values }: Removal) {
  return {
    TableName: table.name,
    Key: key,
    ...(condition === undefined
      ? {}
      : {
          ConditionExpression: condition,
          ExpressionAttributeNames: namesIn(condition),
          ExpressionAttributeValues: values,
        }),
  }
}

function namesIn(expression: string): Record<string, string> {
  return Object.fromEntries([...expression.matchAll(/#(\w+)/g)].map(([token, name]) => [token, name!]))
}
