import { z } from 'zod'

/** Parameters that many operations share. Attribute values stay unread here: values/parse.ts reads them. */
export const tableName = z.string().regex(/^[a-zA-Z0-9_.-]{3,255}$/)
/** Not z.record, which leaves out a member named `__proto__`: a legal attribute. */
export const attributes = z.custom<Record<string, unknown>>(value => value !== undefined && value !== null)
export const names = z.record(z.string(), z.string()).optional()
export const returnConsumedCapacity = z.enum(['INDEXES', 'TOTAL', 'NONE']).default('NONE')
/** Only tables with local secondary indexes have item collection metrics, so there are never any to return. */
export const returnItemCollectionMetrics = z.enum(['SIZE', 'NONE']).optional()
const returnOnFailure = z.enum(['ALL_OLD', 'NONE']).optional()

const condition = {
  ConditionExpression: z.string().optional(),
  ExpressionAttributeNames: names,
  ExpressionAttributeValues: attributes.optional(),
  ReturnValuesOnConditionCheckFailure: returnOnFailure,
}

/** The four things that can be done to one item, alone or in a transaction. */
export const putRequest = z.strictObject({ TableName: tableName, Item: attributes, ...condition })
export const deleteRequest = z.strictObject({ TableName: tableName, Key: attributes, ...condition })
export const updateRequest = z.strictObject({
  TableName: tableName,
  Key: attributes,
  UpdateExpression: z.string().optional(),
  ...condition,
})
export const checkRequest = deleteRequest.extend({ ConditionExpression: z.string() })

export type PutRequest = z.infer<typeof putRequest>
export type DeleteRequest = z.infer<typeof deleteRequest>
export type UpdateRequest = z.infer<typeof updateRequest>
export type CheckRequest = z.infer<typeof checkRequest>
