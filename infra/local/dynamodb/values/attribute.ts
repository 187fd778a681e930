/**
 * Values in the form of the wire, once parsed: numbers are canonical decimals, binaries canonical base64, sets hold no
 * duplicates. Attribute names come from outside (`__proto__` is a legal one), so objects are read through `attributeOf`
 * and built with spread, computed keys or `Object.fromEntries`, which all define properties and never assign.
 */
export type AttributeValue =
  | { S: string }
  | { N: string }
  | { B: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: string[] }
  | { L: AttributeValue[] }
  | { M: Attributes }

export type Attributes = Record<string, AttributeValue>

export const attributeTypes = ['S', 'N', 'B', 'BOOL', 'NULL', 'SS', 'NS', 'BS', 'L', 'M'] as const
export type AttributeType = (typeof attributeTypes)[number]

export function typeOf(value: AttributeValue): AttributeType {
  return Object.keys(value)[0] as AttributeType
}

export function attributeOf(attributes: Attributes, name: string): AttributeValue | undefined {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined
}

export function without(attributes: Attributes, name: string): Attributes {
  const { [name]: _removed, ...rest } = attributes
  return rest
}

/** A value as AWS prints it inside messages, e.g. `{N:2}`. */
export function printValue(value: AttributeValue): string {
  const inner: unknown = Object.values(value)[0]
  return `{${typeOf(value)}:${typeof inner === 'object' ? JSON.stringify(inner) : inner}}`
}
