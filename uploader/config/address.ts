import { z } from 'zod'

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost'])

/**
 * The receiver's origin. Requests carry secrets (tokens, link secrets), so nothing but https leaves the machine.
 * @returns the origin, or why it is not one
 */
export function receiverOrigin(text: string): { origin: string } | { problem: string } {
  if (!URL.canParse(text)) return { problem: 'it is not a web address' }
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return { problem: 'it must not hold a user name or password' }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && loopback.has(url.hostname)))
    return { origin: url.origin }
  return { problem: 'it must begin with https:// (http:// is for this machine only)' }
}

export const ReceiverUrl = z.string().transform((text, context) => {
  const result = receiverOrigin(text)
  if ('origin' in result) return result.origin
  context.addIssue({ code: 'custom', message: result.problem })
  return z.NEVER
})
