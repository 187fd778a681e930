import { type Attributes, attributeOf } from '../values/attribute.ts'

/** AWS leaves alone what seems to have expired longer ago: more likely a mistake than a time to live. */
const fiveYears = 5 * 365 * 24 * 3600

/** Epoch seconds, or undefined for an item that does not expire. */
export function expiryOf(item: Attributes, attribute: string): number | undefined {
  const value = attributeOf(item, attribute)
  if (!value || !('N' in value)) return undefined
  const seconds = Math.floor(Number(value.N))
  return Number.isSafeInteger(seconds) ? seconds : undefined
}

/** The span of times, in epoch seconds, that count as expired. */
export function expiredSpan(now: Date): { from: number; to: number } {
  const to = Math.ceil(now.getTime() / 1000) - 1
  return { from: to - fiveYears, to }
}
