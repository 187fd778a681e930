import { DynamodbError, invalid, invalidValue } from '../protocol/error.ts'
import { type Attributes, type AttributeType, type AttributeValue, attributeTypes } from './attribute.ts'
import { formatDecimal, parseDecimal } from './decimal.ts'
import { assertDepthAllowed } from './depth.ts'

/** Reads attributes as they came over the wire. @throws SerializationException, ValidationException */
export function parseAttributes(input: unknown, depth = 0): Attributes {
  const entries = Object.entries(record(input)).map(([name, value]) => {
    if (Buffer.byteLength(wellFormed(name)) > 65_535)
      throw invalidValue('Size of attribute name has exceeded the 65535 bytes limit')
    return [name, parseValue(value, depth)] as const
  })
  return Object.fromEntries(entries)
}

export function parseValue(input: unknown, depth = 0): AttributeValue {
  const entries = Object.entries(record(input)).filter(([, inner]) => inner !== null)
  const [type, inner] = entries[0] ?? []
  if (type === undefined || !isType(type))
    throw invalid('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes')
  if (entries.length > 1)
    throw invalid(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    )
  if (type === 'L' || type === 'M') assertDepthAllowed(depth + 1)
  return parseInner(type, inner, depth)
}

function parseInner(type: AttributeType, inner: unknown, depth: number): AttributeValue {
  switch (type) {
    case 'S':
      return { S: text(inner) }
    case 'N':
      return { N: parseNumber(inner) }
    case 'B':
      return { B: parseBinary(inner) }
    case 'BOOL':
      if (typeof inner !== 'boolean') throw unserializable('BOOL')
      return { BOOL: inner }
    case 'NULL':
      if (inner !== true) throw invalidValue('Null attribute value types must have the value of true')
      return { NULL: true }
    case 'SS':
      return {
        SS: parseSet('string', list(inner).map(text), shown => `Input collection ${shown} contains duplicates.`),
      }
    case 'NS':
      return { NS: parseSet('number', list(inner).map(parseNumber), () => 'Input collection contains duplicates') }
    case 'BS':
      return {
        BS: parseSet(
          'binary',
          list(inner).map(parseBinary),
          shown => `Input collection ${shown}of type BS contains duplicates.`,
        ),
      }
    case 'L':
      return { L: list(inner).map(element => parseValue(element, depth + 1)) }
    case 'M':
      return { M: parseAttributes(inner, depth + 1) }
  }
}

function parseSet(noun: string, elements: string[], duplicates: (shown: string) => string): string[] {
  if (elements.length === 0) throw invalidValue(`An ${noun} set  may not be empty`)
  if (new Set(elements).size < elements.length) {
    const message = duplicates(`[${elements.join(', ')}]`)
    throw noun === 'number' ? invalid(message) : invalidValue(message)
  }
  return elements
}

function parseNumber(input: unknown): string {
  return formatDecimal(parseDecimal(text(input)))
}

function parseBinary(input: unknown): string {
  const encoded = text(input)
  if (Buffer.from(encoded, 'base64').toString('base64') !== encoded)
    throw new DynamodbError('SerializationException', 'Invalid Base64 in a binary value')
  return encoded
}

function text(input: unknown): string {
  if (typeof input !== 'string') throw unserializable('String')
  return wellFormed(input)
}

/** A lone surrogate has no UTF-8 form: it would come back as another string than was stored. */
function wellFormed(input: string): string {
  if (!input.isWellFormed()) throw new DynamodbError('SerializationException', 'A string is not valid Unicode')
  return input
}

function list(input: unknown): unknown[] {
  if (!Array.isArray(input)) throw unserializable('List')
  return input
}

function record(input: unknown): object {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw unserializable('Map')
  return input
}

function isType(name: string): name is AttributeType {
  return attributeTypes.some(type => type === name)
}

function unserializable(wanted: string): DynamodbError {
  return new DynamodbError('SerializationException', `A value of another type cannot be converted to ${wanted}`)
}
