import type { IncomingHttpHeaders } from 'node:http'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'

export interface Received {
  method: string
  /** As sent, without the query. */
  rawPath: string
  rawQuery: string
  headers: IncomingHttpHeaders
  body: Buffer
  sourceIp: string
}

export interface EventContext {
  routeKey: string
  pathParameters: Record<string, string>
  account: string
  apiId: string
  /** `host:port` of the gateway. */
  host: string
  requestId: string
  now: Date
  /** Present on routes that want an AWS signature. */
  iam?: { accessKey: string; userArn: string } | undefined
}

/** The event of payload format 2.0, with its habits: rawPath is decoded, rawQueryString is not, repeated headers are one. */
export function makeEvent(received: Received, context: EventContext): APIGatewayProxyEventV2 {
  const { method, rawPath, rawQuery, headers, body, sourceIp } = received
  const { routeKey, pathParameters, account, apiId, host, requestId, now, iam } = context
  const path = decodeURIComponent(rawPath)
  const query = queryOf(rawQuery)
  const text = isText(headers['content-type'])
  const event: APIGatewayProxyEventV2 = {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: rawQuery,
    ...cookiesOf(headers),
    headers: headersOf(headers, host, sourceIp),
    ...(Object.keys(query).length > 0 ? { queryStringParameters: query } : {}),
    requestContext: {
      accountId: account,
      apiId,
      domainName: host,
      domainPrefix: apiId,
      http: { method, path, protocol: 'HTTP/1.1', sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId,
      routeKey,
      stage: '$default',
      time: logTime(now),
      timeEpoch: now.getTime(),
      ...(iam
        ? { authorizer: { iam: { ...iam, accountId: account, callerId: iam.accessKey, userId: iam.accessKey } } }
        : {}),
    },
    ...(Object.keys(pathParameters).length > 0 ? { pathParameters } : {}),
    ...(body.length > 0 ? { body: body.toString(text ? 'utf8' : 'base64') } : {}),
    isBase64Encoded: body.length > 0 && !text,
  }
  return event
}

function headersOf(headers: IncomingHttpHeaders, host: string, sourceIp: string): Record<string, string> {
  const joined: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (name !== 'cookie' && value !== undefined) joined[name] = Array.isArray(value) ? value.join(',') : value
  const port = host.slice(host.lastIndexOf(':') + 1)
  return { ...joined, 'x-forwarded-for': sourceIp, 'x-forwarded-port': port, 'x-forwarded-proto': 'http' }
}

function cookiesOf({ cookie }: IncomingHttpHeaders): { cookies?: string[] } {
  return cookie === undefined ? {} : { cookies: cookie.split(/; */) }
}

/** Values of one name joined by commas, decoded. */
function queryOf(rawQuery: string): Record<string, string> {
  const values: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(rawQuery))
    values[name] = values[name] === undefined ? value : `${values[name]},${value}`
  return values
}

/** API Gateway hands over these content types as they are, and everything else in base64. */
function isText(contentType = ''): boolean {
  return /^(text\/|application\/(json|javascript|xml)\b|application\/[a-z.-]+\+(json|xml)\b)/i.test(contentType)
}

/** `22/Nov/2026:18:00:00 +0000` */
function logTime(now: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(now.toUTCString())!
  return `${day}/${month}/${year}:${time} +0000`
}
