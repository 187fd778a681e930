import type { Attributes, AttributeValue } from './attribute.ts'

/** Bytes of an item as DynamoDB bills and limits them: UTF-8 names plus values. */
export function sizeOfItem(item: Attributes): number {
  let bytes = 0
  for (const [name, value] of Object.entries(item)) bytes += Buffer.byteLength(name) + sizeOfValue(value)
  return bytes
}

function sizeOfValue(value: AttributeValue): number {
  if ('S' in value) return Buffer.byteLength(value.S)
  if ('N' in value) return sizeOfNumber(value.N)
  if ('B' in value) return Buffer.byteLength(value.B, 'base64')
  if ('SS' in value) return sum(value.SS, element => Buffer.byteLength(element))
  if ('NS' in value) return sum(value.NS, sizeOfNumber)
  if ('BS' in value) return sum(value.BS, element => Buffer.byteLength(element, 'base64'))
  if ('L' in value) return 3 + sum(value.L, element => 1 + sizeOfValue(element))
  if ('M' in value) return 3 + Object.keys(value.M).length + sizeOfItem(value.M)
  return 1
}

/** A byte for every two significant digits and one more; negative numbers take another. */
function sizeOfNumber(text: string): number {
  const significant = text.replace(/[-.]/g, '').replace(/^0+|0+$/g, '')
  return Math.ceil(significant.length / 2) + 1 + (text.startsWith('-') ? 1 : 0)
}

function sum<T>(elements: T[], size: (element: T) => number): number {
  return elements.reduce((bytes, element) => bytes + size(element), 0)
}
