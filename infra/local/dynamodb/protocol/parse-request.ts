import type { z } from 'zod'
import { DynamodbError, invalid } from './error.ts'

/** Parameters that expressions have replaced. They were never written for this server. */
const legacy: Record<string, string> = {
  AttributesToGet: 'ProjectionExpression',
  AttributeUpdates: 'UpdateExpression',
  ConditionalOperator: 'ConditionExpression or FilterExpression',
  Expected: 'ConditionExpression',
  KeyConditions: 'KeyConditionExpression',
  QueryFilter: 'FilterExpression',
  ScanFilter: 'FilterExpression',
}

/**
 * Reads a request. Unlike AWS it also refuses parameters that it does not know, so that nothing is left out silently.
 * @throws ValidationException, SerializationException
 */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw translate(result.error.issues[0]!, body)
}

function translate(issue: z.core.$ZodIssue, body: unknown): DynamodbError {
  const found = issue.path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown>)?.[step], body)
  const subject = (constraint: string) => {
    const shown = found === undefined ? 'null' : `'${typeof found === 'object' ? JSON.stringify(found) : found}'`
    return invalid(
      `1 validation error detected: Value ${shown} at '${memberPath(issue.path)}' failed to satisfy constraint: ${constraint}`,
    )
  }
  if (found === undefined || found === null) return subject('Member must not be null')
  switch (issue.code) {
    case 'unrecognized_keys':
      return refuseParameter(issue.keys[0]!)
    case 'invalid_type':
      return new DynamodbError('SerializationException', `${memberPath(issue.path)}: expected ${issue.expected}`)
    case 'invalid_value':
      return subject(`Member must satisfy enum value set: [${issue.values.map(String).join(', ')}]`)
    case 'too_small':
      return subject(`Member must have ${measure(issue.origin)} greater than or equal to ${issue.minimum}`)
    case 'too_big':
      return subject(`Member must have ${measure(issue.origin)} less than or equal to ${issue.maximum}`)
    case 'invalid_format':
      return subject(`Member must satisfy regular expression pattern: ${issue.pattern ?? issue.format}`)
    default:
      return invalid(issue.message)
  }
}

function refuseParameter(parameter: string): DynamodbError {
  const successor = legacy[parameter]
  if (successor)
    return invalid(`The legacy parameter ${parameter} is not supported by this server. Use ${successor} instead.`)
  return invalid(`The parameter ${parameter} is not supported by this server.`)
}

function measure(origin: string): string {
  return origin === 'number' || origin === 'int' ? 'value' : 'length'
}

/** AWS writes paths with small first letters and list members counted from one: `transactItems.1.member.put`. */
function memberPath(path: PropertyKey[]): string {
  return path
    .map(step => (typeof step === 'number' ? `${step + 1}.member` : String(step)))
    .map(step => step.charAt(0).toLowerCase() + step.slice(1))
    .join('.')
}
