import { hash } from 'node:crypto'
import { invalid, invalidValue } from '../protocol/error.ts'
import { type Attributes, type AttributeValue, attributeOf, typeOf } from '../values/attribute.ts'
import { parseDecimal, sortableDecimal } from '../values/decimal.ts'
import { type Index, type KeyAttribute, type KeySchema, namesOf, type TableSchema } from './schema.ts'

/** A key in bytes whose order is the order of the store. */
export interface Key {
  /**
   * Four bytes of a hash, then the value: a scan runs in the order of hashes, as on AWS, so nobody comes to rely on another; and
   * a segment of a parallel scan is a range.
   */
  partition: Uint8Array
  /** One zero byte in a table or index without a sort key. */
  sort: Uint8Array
}

const noSortKey = Uint8Array.of(0)
const maxPartitionBytes = 2048
const maxSortBytes = 1024

/** The key of a whole item. @throws ValidationException */
export function keyOfItem({ key }: TableSchema, item: Attributes): Key {
  for (const name of namesOf(key))
    if (!attributeOf(item, name)) throw invalidValue(`Missing the key ${name} in the item`)
  return encode(key, attribute => keyValue(item, attribute))
}

/** The key in a request, which must be the key and nothing else. @throws ValidationException */
export function keyOfRequest({ key }: TableSchema, attributes: Attributes): Key {
  const names = namesOf(key)
  if (Object.keys(attributes).length !== names.length || names.some(name => !attributeOf(attributes, name)))
    throw invalid('The provided key element does not match the schema')
  for (const { name, type } of [key.partition, key.sort ?? key.partition])
    if (typeOf(attributeOf(attributes, name)!) !== type)
      throw invalid('The provided key element does not match the schema')
  return encode(key, attribute => keyValue(attributes, attribute))
}

/** Where an item stands in an index, or undefined when it lacks an attribute of its key. @throws ValidationException */
export function keyInIndex(index: Index, item: Attributes): Key | undefined {
  if (namesOf(index.schema).some(name => !attributeOf(item, name))) return undefined
  return encode(index.schema, ({ name, type }) => {
    const value = attributeOf(item, name)!
    if (typeOf(value) !== type)
      throw invalidValue(
        `Type mismatch for Index Key ${name} Expected: ${type} Actual: ${typeOf(value)} IndexName: ${index.name}`,
      )
    if (isEmpty(value))
      throw invalid(
        'One or more parameter values are not valid. A value specified for a secondary index key is not supported. ' +
          `The AttributeValue for a key attribute cannot contain an empty ${noun(type)} value. ` +
          `IndexName: ${index.name}, IndexKey: ${name}`,
      )
    return value
  })
}

export function partitionBytes(value: AttributeValue): Uint8Array {
  const bytes = keyBytes(value)
  if (bytes.length > maxPartitionBytes)
    throw invalidValue(`Size of hashkey has exceeded the maximum size limit of${maxPartitionBytes} bytes`)
  return Buffer.concat([hash('sha256', bytes, 'buffer').subarray(0, 4), bytes])
}

export function sortBytes(value: AttributeValue): Uint8Array {
  const bytes = keyBytes(value)
  if (bytes.length > maxSortBytes)
    throw invalidValue(`Aggregated size of all range keys has exceeded the size limit of ${maxSortBytes} bytes`)
  return bytes
}

/** @throws ValidationException when the value cannot be a key: it is empty */
export function assertNotEmpty(name: string, value: AttributeValue): void {
  if (isEmpty(value))
    throw invalid(
      'One or more parameter values are not valid. ' +
        `The AttributeValue for a key attribute cannot contain an empty ${noun(typeOf(value))} value. Key: ${name}`,
    )
}

function encode(schema: KeySchema, read: (attribute: KeyAttribute) => AttributeValue): Key {
  const partition = partitionBytes(read(schema.partition))
  return { partition, sort: schema.sort ? sortBytes(read(schema.sort)) : noSortKey }
}

function keyValue(attributes: Attributes, { name, type }: KeyAttribute): AttributeValue {
  const value = attributeOf(attributes, name)!
  if (typeOf(value) !== type)
    throw invalidValue(`Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`)
  assertNotEmpty(name, value)
  return value
}

function keyBytes(value: AttributeValue): Uint8Array {
  if ('S' in value) return Buffer.from(value.S)
  if ('B' in value) return Buffer.from(value.B, 'base64')
  if ('N' in value) return sortableDecimal(parseDecimal(value.N))
  throw new Error(`a key cannot be of type ${typeOf(value)}`)
}

function isEmpty(value: AttributeValue): boolean {
  return ('S' in value && value.S === '') || ('B' in value && value.B === '')
}

function noun(type: string): string {
  return type === 'B' ? 'binary' : 'string'
}
