import { invalid } from '../protocol/error.ts'
import type { AttributeValue } from '../values/attribute.ts'
import { parseValue } from '../values/parse.ts'

/** The `#names` and `:values` of one request. They remember their use, because AWS refuses what no expression uses. */
export class Placeholders {
  readonly #names: Map<string, string>
  readonly #values: Map<string, AttributeValue>
  readonly #unusedNames: Set<string>
  readonly #unusedValues: Set<string>

  constructor(names: Map<string, string>, values: Map<string, AttributeValue>) {
    this.#names = names
    this.#values = values
    this.#unusedNames = new Set(names.keys())
    this.#unusedValues = new Set(values.keys())
  }

  name(placeholder: string): string | undefined {
    this.#unusedNames.delete(placeholder)
    return this.#names.get(placeholder)
  }

  value(placeholder: string): AttributeValue | undefined {
    this.#unusedValues.delete(placeholder)
    return this.#values.get(placeholder)
  }

  /** @throws ValidationException */
  assertAllUsed(): void {
    refuse('ExpressionAttributeNames', this.#unusedNames)
    refuse('ExpressionAttributeValues', this.#unusedValues)
  }
}

interface Given {
  ExpressionAttributeNames?: Record<string, string> | undefined
  ExpressionAttributeValues?: Record<string, unknown> | undefined
}

/** @throws ValidationException for wrong keys, wrong values, and placeholders without any expression to use them */
export function readPlaceholders(given: Given, expressions: Record<string, string | undefined>): Placeholders {
  const { ExpressionAttributeNames: names, ExpressionAttributeValues: values } = given
  const some = Object.values(expressions).some(expression => expression !== undefined)
  check('ExpressionAttributeNames', names, /^#\w+$/, some)
  check('ExpressionAttributeValues', values, /^:\w+$/, some)
  return new Placeholders(
    new Map(Object.entries(names ?? {})),
    new Map(Object.entries(values ?? {}).map(([key, value]) => [key, readValue(key, value)])),
  )
}

function check(parameter: string, map: object | undefined, pattern: RegExp, some: boolean): void {
  if (!map) return
  if (!some) throw invalid(`${parameter} can only be specified when using expressions`)
  const keys = Object.keys(map)
  if (keys.length === 0) throw invalid(`${parameter} must not be empty`)
  const wrong = keys.find(key => !pattern.test(key))
  if (wrong !== undefined) throw invalid(`${parameter} contains invalid key: Syntax error; key: "${wrong}"`)
}

function readValue(key: string, value: unknown): AttributeValue {
  try {
    return parseValue(value)
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationException')
      throw invalid(`ExpressionAttributeValues contains invalid value: ${error.message} for key ${key}`)
    throw error
  }
}

function refuse(parameter: string, unused: Set<string>): void {
  if (unused.size === 0) return
  throw invalid(`Value provided in ${parameter} unused in expressions: keys: {${[...unused].join(', ')}}`)
}
