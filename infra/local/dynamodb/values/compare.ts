import { isDeepStrictEqual } from 'node:util'
import { type AttributeValue, attributeOf, typeOf } from './attribute.ts'
import { compareDecimals, parseDecimal } from './decimal.ts'

/** Equality of type and content; the order of a set's elements does not matter. */
export function equalValues(a: AttributeValue, b: AttributeValue): boolean {
  if ('L' in a && 'L' in b) return a.L.length === b.L.length && a.L.every((element, i) => equalValues(element, b.L[i]!))
  if ('M' in a && 'M' in b) {
    const names = Object.keys(a.M)
    if (names.length !== Object.keys(b.M).length) return false
    return names.every(name => {
      const other = attributeOf(b.M, name)
      return other !== undefined && equalValues(a.M[name]!, other)
    })
  }
  const set = setOf(a)
  const other = setOf(b)
  if (set && other && typeOf(a) === typeOf(b)) {
    const elements = new Set(other)
    return set.length === other.length && set.every(element => elements.has(element))
  }
  return isDeepStrictEqual(a, b)
}

/** Order of two strings (by UTF-8 bytes), numbers or binaries; undefined for every other pair of types. */
export function compareValues(a: AttributeValue, b: AttributeValue): number | undefined {
  if ('S' in a && 'S' in b) return Buffer.compare(Buffer.from(a.S), Buffer.from(b.S))
  if ('N' in a && 'N' in b) return compareDecimals(parseDecimal(a.N), parseDecimal(b.N))
  if ('B' in a && 'B' in b) return Buffer.compare(Buffer.from(a.B, 'base64'), Buffer.from(b.B, 'base64'))
  return undefined
}

export function setOf(value: AttributeValue): string[] | undefined {
  if ('SS' in value) return value.SS
  if ('NS' in value) return value.NS
  if ('BS' in value) return value.BS
  return undefined
}
