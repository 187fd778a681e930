import { sha256 } from '../receiver/support.ts'

/** As much of JSON Schema as the OpenAPI document uses. */
interface Schema {
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  properties?: Record<string, Schema>
  items?: Schema
  minItems?: number
  minimum?: number
  exclusiveMinimum?: number
  minLength?: number
  pattern?: string
  format?: string
}

const ulid = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
const candidates = [ulid, `${ulid}.${ulid}`, `acme.${ulid}`, 'acme', sha256(''), 'age1qqqq', '198.51.100.0/24']

/** A body that a schema takes, as full as it can be. @param named values of the fields with these names */
export function exampleOf(schema: Schema, named: Record<string, unknown>, name = ''): unknown {
  if (name in named) return named[name]
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  const choice = schema.anyOf?.[0] ?? schema.oneOf?.[0] ?? schema.allOf?.[0]
  if (choice) return exampleOf(choice, named, name)
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object': {
      const entries = Object.entries(schema.properties ?? {})
      return Object.fromEntries(entries.map(([key, each]) => [key, exampleOf(each, named, key)]))
    }
    case 'array':
      return Array.from({ length: Math.max(1, schema.minItems ?? 1) }, () => exampleOf(schema.items ?? {}, named, name))
    case 'integer':
    case 'number':
      return schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1
    case 'boolean':
      return true
    case 'string': {
      if (schema.format === 'date-time') return '2026-11-22T14:00:00Z'
      if (schema.format === 'uri') return 'https://example.net/hook'
      const { pattern, minLength = 1 } = schema
      const found = pattern === undefined ? undefined : candidates.find(text => new RegExp(pattern, 'u').test(text))
      return found ?? 'x'.repeat(Math.max(4, minLength))
    }
    default:
      return 'x'
  }
}
