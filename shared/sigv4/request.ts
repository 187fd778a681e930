import type { IncomingHttpHeaders } from 'node:http'

/** A request as it came over the wire; nothing decoded, header names in lower case as node:http gives them. */
export interface SignedRequest {
  method: string
  /** The path as sent, without the query. */
  rawPath: string
  /** The query as sent, without `?`; empty if there is none. */
  rawQuery: string
  headers: IncomingHttpHeaders
}

/** The one value of a header, or undefined. */
export function headerOf(request: SignedRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}
