/** One rule of a bucket; `*` is a wildcard in origins and headers. */
export interface CorsRule {
  allowedOrigins: string[]
  allowedMethods: string[]
  allowedHeaders: string[]
  exposeHeaders: string[]
  maxAgeSeconds?: number | undefined
}

/**
 * The headers a browser needs, from the first rule that allows everything asked; undefined if none does.
 * @param requestHeaders names from `access-control-request-headers`; empty for the request itself
 */
export function allowOrigin(
  rules: CorsRule[],
  origin: string,
  method: string,
  requestHeaders: string[],
): Record<string, string | undefined> | undefined {
  const rule = rules.find(
    ({ allowedOrigins, allowedMethods, allowedHeaders }) =>
      allowedOrigins.some(pattern => matches(pattern, origin)) &&
      allowedMethods.includes(method) &&
      requestHeaders.every(name => allowedHeaders.some(pattern => matches(pattern.toLowerCase(), name.toLowerCase()))),
  )
  if (!rule) return undefined
  const anyone = rule.allowedOrigins.includes('*')
  return {
    'access-control-allow-origin': anyone ? '*' : origin,
    'access-control-allow-credentials': anyone ? undefined : 'true',
    'access-control-allow-methods': rule.allowedMethods.join(', '),
    'access-control-allow-headers': requestHeaders.length > 0 ? requestHeaders.join(', ') : undefined,
    'access-control-expose-headers': rule.exposeHeaders.length > 0 ? rule.exposeHeaders.join(', ') : undefined,
    'access-control-max-age': rule.maxAgeSeconds?.toString(),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  }
}

function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*')
  if (star < 0) return pattern === text
  const [start, end] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end)
}
