import { z } from 'zod'
import { type Condition, pathsOf } from '../expressions/condition.ts'
import { parseCondition } from '../expressions/parse-condition.ts'
import type { Path } from '../expressions/path.ts'
import { type Placeholders, readPlaceholders } from '../expressions/placeholders.ts'
import { parseProjection } from '../expressions/projection.ts'
import { type CapacityMode, consumed } from '../protocol/consumed.ts'
import { invalid, invalidValue } from '../protocol/error.ts'
import { attributes, names, returnConsumedCapacity, tableName } from '../protocol/parameters.ts'
import { type Index, projectedNames } from '../tables/schema.ts'
import type { Table } from '../tables/table.ts'
import { readUnits } from './capacity.ts'
import type { Page } from './page.ts'

/** What Query and Scan have in common. */
export const readParameters = {
  TableName: tableName,
  IndexName: tableName.optional(),
  ConsistentRead: z.boolean().default(false),
  ExclusiveStartKey: attributes.optional(),
  ExpressionAttributeNames: names,
  ExpressionAttributeValues: attributes.optional(),
  FilterExpression: z.string().optional(),
  Limit: z.int().min(1).optional(),
  ProjectionExpression: z.string().optional(),
  ReturnConsumedCapacity: returnConsumedCapacity,
  Select: z.enum(['ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES', 'SPECIFIC_ATTRIBUTES', 'COUNT']).optional(),
}

const readRequest = z.strictObject(readParameters)
type ReadRequest = z.infer<typeof readRequest> & { KeyConditionExpression?: string | undefined }

export interface Reading {
  index: Index | undefined
  filter: Condition | undefined
  projection: Path[] | undefined
  countOnly: boolean
}

/**
 * Reads everything but the key condition, which `readRest` may take from the same placeholders.
 * @throws ValidationException
 */
export function prepareReading<T>(
  table: Table,
  request: ReadRequest,
  readRest: (index: Index | undefined, placeholders: Placeholders) => T,
): Reading & { rest: T } {
  const index = findIndex(table, request)
  const { KeyConditionExpression, FilterExpression, ProjectionExpression } = request
  const placeholders = readPlaceholders(request, { KeyConditionExpression, FilterExpression, ProjectionExpression })
  const rest = readRest(index, placeholders)
  const filter =
    FilterExpression === undefined ? undefined : parseCondition('FilterExpression', FilterExpression, placeholders)
  const projection =
    ProjectionExpression === undefined ? undefined : parseProjection(ProjectionExpression, placeholders)
  placeholders.assertAllUsed()
  if (index) checkProjected(table, index, [...(projection ?? []), ...(filter ? pathsOf(filter) : [])])
  checkSelect(index, request)
  return { index, filter, projection, countOnly: request.Select === 'COUNT', rest }
}

/** The answer that Query and Scan share. What is read from an index is paid to the index. */
export function answerPage(table: Table, index: Index | undefined, request: ReadRequest, page: Page): object {
  const read = readUnits(page.bytes, request.ConsistentRead)
  const units = index ? { table: 0, indexes: { [index.name]: read } } : { table: read, indexes: {} }
  const mode: CapacityMode = request.ReturnConsumedCapacity
  return {
    Items: request.Select === 'COUNT' ? undefined : page.items,
    Count: page.count,
    ScannedCount: page.scanned,
    LastEvaluatedKey: page.lastKey,
    ConsumedCapacity: consumed(mode, table.schema.name, units),
  }
}

function findIndex(table: Table, { IndexName: name, ConsistentRead }: ReadRequest): Index | undefined {
  if (name === undefined) return undefined
  const index = table.schema.indexes.find(each => each.name === name)
  if (!index) throw invalid(`The table does not have the specified index: ${name}`)
  if (ConsistentRead) throw invalid('Consistent reads are not supported on global secondary indexes')
  return index
}

function checkProjected(table: Table, index: Index, paths: Path[]): void {
  if (index.projection.type === 'ALL') return
  const held = projectedNames(table.schema, index)
  const missing = paths.map(([name]) => String(name)).filter(name => !held.has(name))
  if (missing.length === 0) return
  throw invalidValue(
    'One or more attributes are not projected: ' +
      `Global secondary index ${index.name} does not project [${[...new Set(missing)].join(', ')}]`,
  )
}

function checkSelect(index: Index | undefined, { Select: select, ProjectionExpression }: ReadRequest): void {
  if (select === undefined) return
  if (ProjectionExpression !== undefined && select !== 'SPECIFIC_ATTRIBUTES')
    throw invalid(`Cannot specify the ProjectionExpression when choosing to get ${select}`)
  if (select === 'SPECIFIC_ATTRIBUTES' && ProjectionExpression === undefined)
    throw invalid('Must specify the ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES')
  if (select === 'ALL_PROJECTED_ATTRIBUTES' && !index)
    throw invalidValue('ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName')
  if (select === 'ALL_ATTRIBUTES' && index && index.projection.type !== 'ALL')
    throw invalidValue(
      'Select type ALL_ATTRIBUTES is not supported for global secondary index ' +
        `${index.name} because its projection type is not ALL`,
    )
}
