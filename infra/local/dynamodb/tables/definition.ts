import { z } from 'zod'
import { invalid, invalidValue } from '../protocol/error.ts'
import type { Index, KeyAttribute, KeySchema, TableSchema } from './schema.ts'

const name = z.string().regex(/^[a-zA-Z0-9_.-]{3,255}$/)
const attribute = z.string().min(1).max(255)
const keySchema = z
  .array(z.strictObject({ AttributeName: attribute, KeyType: z.enum(['HASH', 'RANGE']) }))
  .min(1)
  .max(2)
const throughput = z.strictObject({
  ReadCapacityUnits: z.int().positive(),
  WriteCapacityUnits: z.int().positive(),
})

const index = z.strictObject({
  IndexName: name,
  KeySchema: keySchema,
  Projection: z.strictObject({
    ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']).default('ALL'),
    NonKeyAttributes: z.array(attribute).min(1).max(100).optional(),
  }),
  ProvisionedThroughput: throughput.optional(),
})

/** CreateTable's request. What costs money, encrypts or labels on AWS is kept and described, and does nothing here. */
export const tableDefinition = z.strictObject({
  TableName: name,
  AttributeDefinitions: z
    .array(z.strictObject({ AttributeName: attribute, AttributeType: z.enum(['S', 'N', 'B']) }))
    .min(1),
  KeySchema: keySchema,
  GlobalSecondaryIndexes: z.array(index).min(1).max(20).optional(),
  BillingMode: z.enum(['PROVISIONED', 'PAY_PER_REQUEST']).optional(),
  ProvisionedThroughput: throughput.optional(),
  DeletionProtectionEnabled: z.boolean().optional(),
  TableClass: z.enum(['STANDARD', 'STANDARD_INFREQUENT_ACCESS']).optional(),
  SSESpecification: z.looseObject({ Enabled: z.boolean().optional() }).optional(),
  Tags: z.array(z.strictObject({ Key: z.string(), Value: z.string() })).optional(),
})

export type TableDefinition = z.infer<typeof tableDefinition>

/** @throws ValidationException for definitions that contradict themselves */
export function readSchema(definition: TableDefinition): TableSchema {
  const types = new Map(definition.AttributeDefinitions.map(each => [each.AttributeName, each.AttributeType]))
  const indexes = (definition.GlobalSecondaryIndexes ?? []).map((each, position) => readIndex(each, position, types))
  if (new Set(indexes.map(each => each.name)).size < indexes.length)
    throw invalidValue('Duplicate index name: an index name may be used once')
  const schema = { name: definition.TableName, key: readKeySchema(definition.KeySchema, types), indexes }
  const used = new Set(
    [schema.key, ...indexes.map(each => each.schema)].flatMap(({ partition, sort }) => [partition.name, sort?.name]),
  )
  if ([...types.keys()].some(each => !used.has(each)))
    throw invalidValue(
      'Some AttributeDefinitions are not used. ' +
        `AttributeDefinitions: [${[...types.keys()].join(', ')}], keys used: [${[...used].join(', ')}]`,
    )
  if (definition.BillingMode !== 'PAY_PER_REQUEST' && !definition.ProvisionedThroughput)
    throw invalidValue(
      'ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED',
    )
  return schema
}

function readIndex(
  definition: z.infer<typeof index>,
  position: number,
  types: Map<string, KeyAttribute['type']>,
): Index {
  const { ProjectionType: type, NonKeyAttributes: attributes } = definition.Projection
  if ((type === 'INCLUDE') !== (attributes !== undefined))
    throw invalidValue(`ProjectionType is ${type}, ${attributes ? 'but' : 'and no'} NonKeyAttributes is specified`)
  return {
    name: definition.IndexName,
    schema: readKeySchema(definition.KeySchema, types),
    projection: { type, attributes: attributes ?? [] },
    position,
  }
}

function readKeySchema(elements: z.infer<typeof keySchema>, types: Map<string, KeyAttribute['type']>): KeySchema {
  const [first, second] = elements
  if (first?.KeyType !== 'HASH') throw invalid('Invalid KeySchema: The first KeySchemaElement is not a HASH key type')
  if (second && second.KeyType !== 'RANGE')
    throw invalid('Invalid KeySchema: The second KeySchemaElement is not a RANGE key type')
  if (second?.AttributeName === first.AttributeName)
    throw invalid('Both the Hash Key and the Range Key element in the KeySchema have the same name')
  const read = (attributeName: string): KeyAttribute => {
    const type = types.get(attributeName)
    if (type) return { name: attributeName, type }
    throw invalidValue(
      'Some index key attributes are not defined in AttributeDefinitions. ' +
        `Keys: [${attributeName}], AttributeDefinitions: [${[...types.keys()].join(', ')}]`,
    )
  }
  const partition = read(first.AttributeName)
  return second ? { partition, sort: read(second.AttributeName) } : { partition }
}
