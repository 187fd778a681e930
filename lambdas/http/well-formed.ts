import { createMiddleware } from 'hono/factory'
import { ProblemError } from '../../shared/problem.ts'

/**
 * Refuses JSON whose text has half a character (an escaped surrogate without its other half), before it can meet a database that fails over
 * it. Looks at the bytes as they came: what is signed must stay so.
 */
export const wellFormed = createMiddleware(async (c, next) => {
  if (c.req.raw.body !== null && hasHalf(Buffer.from(await c.req.arrayBuffer()).toString('latin1')))
    throw new ProblemError('invalid-request', 'a text in it has half a character (a lone surrogate)')
  await next()
})

/** @param json its escapes are read in order, so that a backslash which is itself escaped begins none */
function hasHalf(json: string): boolean {
  if (!/\\u[dD][89a-fA-F]/.test(json)) return false
  /** Where the escape of a first half ended: there its second half must be. */
  let waiting: number | undefined
  for (const { 0: text, 1: digits, index } of json.matchAll(/\\(?:u([\da-fA-F]{4})|[\s\S])/g)) {
    const code = digits === undefined ? 0 : Number.parseInt(digits, 16)
    const second = code >= 0xdc00 && code <= 0xdfff
    if (second ? waiting !== index : waiting !== undefined) return true
    waiting = code >= 0xd800 && code <= 0xdbff ? index + text.length : undefined
  }
  return waiting !== undefined
}
