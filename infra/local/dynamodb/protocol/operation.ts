import type { z } from 'zod'
import type { Service } from '../service.ts'
import { parseValue } from '../values/parse.ts'
import { parseRequest } from './parse-request.ts'

/** One permission that a request needs, as IAM names it. */
export interface Need {
  /** Without `dynamodb:`. */
  action: string
  /** ARN of a table or index, or `*`. */
  resource: string
  /** Values of the partition keys that the request names, for `dynamodb:LeadingKeys`. */
  leadingKeys?: string[]
}

export interface Operation<Schema extends z.ZodType = z.ZodType> {
  request: Schema
  /** All of these must be allowed before `run` is called. */
  needs(service: Service, input: z.infer<Schema>): Need[]
  /** @returns the body of the answer; synchronous, so that each request is one step in one order */
  run(service: Service, input: z.infer<Schema>): object
}

/** A request that has been read and waits to be allowed. */
interface Call {
  needs: Need[]
  run: () => object
}

export type Handler = (service: Service, body: unknown) => Call

export function operation<Schema extends z.ZodType>({ request, needs, run }: Operation<Schema>): Handler {
  return (service, body) => {
    const input = parseRequest(request, body)
    return { needs: needs(service, input), run: () => run(service, input) }
  }
}

export function onTable(service: Service, action: string, tableName: string): Need {
  return { action, resource: service.tables.arnOf(tableName) }
}

/** @param attributes as sent: whole items or keys that hold the partition key */
export function onItems(
  service: Service,
  action: string,
  tableName: string,
  attributes: Record<string, unknown>[],
): Need {
  const partition = service.tables.find(tableName)?.schema.key.partition.name
  const values = partition === undefined ? [] : attributes.flatMap(each => leadingKey(each, partition))
  return { ...onTable(service, action, tableName), leadingKeys: [...new Set(values)] }
}

function leadingKey(attributes: Record<string, unknown>, partition: string): string[] {
  if (!Object.hasOwn(attributes, partition)) return []
  const value = parseValue(attributes[partition])
  const inner: unknown = Object.values(value)[0]
  return typeof inner === 'string' ? [inner] : []
}
