import type { HonoRequest } from 'hono'

const bearer = 'Bearer '

/** The secret that a request shows; undefined where it shows none. */
export function bearerOf(request: HonoRequest): string | undefined {
  const header = request.header('authorization')
  return header?.startsWith(bearer) ? header.slice(bearer.length) : undefined
}
