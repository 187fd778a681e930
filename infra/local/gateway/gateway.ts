import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignatureError } from '../../../shared/sigv4/error.ts'
import { verifySignature } from '../../../shared/sigv4/verify.ts'
import type { AccessControl } from '../access.ts'
import { InvocationError } from '../functions/function.ts'
import { readBody } from './body.ts'
import { makeEvent, type Received } from './event.ts'
import { compileRoutes, type Route } from './match.ts'
import { gatewayAnswer, type Response, readResponse } from './respond.ts'

export interface Target {
  /** Routes with an AWS_IAM authorizer want a signature of service `execute-api`. */
  signed: boolean
  /** Milliseconds the integration may take. */
  timeout: number
  invoke(event: unknown): Promise<unknown>
}

interface GatewayOptions {
  account: string
  region: string
  partition: string
  apiId: string
  access: AccessControl
  now: () => Date
  routes: Route<Target>[]
  /** Told about everything that was answered with a 5xx of the gateway's own. */
  log(line: string): void
}

export interface Gateway {
  port: number
  url: string
  /** Until it is called every request is answered with 503. */
  serve(options: GatewayOptions): void
  close(): Promise<void>
}

/** Listens on 127.0.0.1 alone. @param port 0 for any */
export async function listen(port: number): Promise<Gateway> {
  let report = (line: string) => console.error(line)
  let answer = async (_request: IncomingMessage): Promise<Response> => gatewayAnswer(503, 'Service Unavailable')
  const server = createServer((request, response) => {
    answer(request)
      .then(({ status, headers, body }) => {
        response.writeHead(status, { ...headers, 'content-length': body.length })
        response.end(request.method === 'HEAD' ? undefined : body)
      })
      .catch(error => {
        if (!request.complete) return request.destroy() // it broke off: nobody is left to answer
        response.writeHead(500).end()
        report(`${request.method} ${request.url}: ${error instanceof Error ? error.stack : String(error)}`)
      })
  })
  server.keepAliveTimeout = 75_000 // longer than a client keeps its connections, or it meets resets
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
  const bound = (server.address() as AddressInfo).port
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    serve: options => {
      report = options.log
      answer = makeAnswer(options, `127.0.0.1:${bound}`)
    },
    close: () => close(server),
  }
}

function makeAnswer(options: GatewayOptions, host: string): (request: IncomingMessage) => Promise<Response> {
  const match = compileRoutes(options.routes)
  return async request => {
    const received = await receive(request)
    if (received === undefined) return gatewayAnswer(413, 'Request Entity Too Large')
    if (!decodable(received.rawPath)) return gatewayAnswer(400, 'Bad Request')
    const found = match(received.method, received.rawPath)
    if (!found) return gatewayAnswer(404, 'Not Found')
    const caller = found.target.signed ? authenticate(received, options) : undefined
    if (caller === null) return gatewayAnswer(403, 'Forbidden')
    const { account, apiId, now } = options
    const requestId = randomUUID()
    const event = makeEvent(received, {
      routeKey: found.key,
      pathParameters: found.pathParameters,
      account,
      apiId,
      host,
      requestId,
      now: now(),
      iam: caller,
    })
    try {
      return readResponse(await withTimeout(found.target.invoke(event), found.target.timeout))
    } catch (error) {
      options.log(`${now().toISOString()} ${found.key} ${error instanceof Error ? error.message : String(error)}`)
      if (error instanceof InvocationError && error.kind === 'timeout') return gatewayAnswer(503, 'Service Unavailable')
      return gatewayAnswer(502, 'Internal Server Error')
    }
  }
}

/** @returns undefined if the body is too large */
async function receive(request: IncomingMessage): Promise<Received | undefined> {
  const body = await readBody(request)
  if (body === undefined) return undefined
  const target = request.url ?? '/'
  const question = target.indexOf('?')
  return {
    method: request.method ?? 'GET',
    rawPath: question < 0 ? target : target.slice(0, question),
    rawQuery: question < 0 ? '' : target.slice(question + 1),
    headers: request.headers,
    body,
    sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
  }
}

function decodable(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

/** Who signed, or null for anybody else. */
function authenticate(received: Received, options: GatewayOptions): { accessKey: string; userArn: string } | null {
  const { access, region, partition, account, apiId, now } = options
  try {
    const bodySha256 = createHash('sha256').update(received.body).digest('hex')
    const { principal, accessKeyId } = verifySignature(received, {
      service: 'execute-api',
      region,
      now,
      access,
      bodySha256,
    })
    const decision = access.authorize({
      principal,
      action: 'execute-api:Invoke',
      resource: `arn:${partition}:execute-api:${region}:${account}:${apiId}/$default/${received.method}${received.rawPath}`,
      context: {},
    })
    return decision.allowed ? { accessKey: accessKeyId, userArn: principal } : null
  } catch (error) {
    if (error instanceof SignatureError) return null
    throw error
  }
}

function withTimeout<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new InvocationError('timeout', 'the integration timed out')), milliseconds)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}
