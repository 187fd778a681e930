import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { crc32 } from 'node:zlib'
import type { AccessControl } from '../../access.ts'
import { operations } from '../operations/operations.ts'
import type { Service } from '../service.ts'
import { authenticate } from './authenticate.ts'
import { authorize } from './authorize.ts'
import { DynamodbError } from './error.ts'

const target = 'DynamoDB_20120810.'
const maxRequestBytes = 16 * 1024 * 1024

export interface Endpoint {
  service: Service
  access: AccessControl
  /** What signatures must name. */
  region: string
  report: (error: unknown) => void
}

export type Head = Pick<IncomingMessage, 'method' | 'url' | 'headers'>

export interface Answer {
  status: number
  headers: Record<string, string>
  bytes: Buffer
}

/** Answers one request over HTTP. Never rejects; a client that goes away while it sends gets no answer. */
export async function serve(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body: Buffer | undefined
  try {
    body = await readBody(request)
  } catch {
    response.destroy()
    return
  }
  const { status, headers, bytes } = answer(endpoint, request, body)
  response.writeHead(status, headers)
  response.end(bytes)
}

/** The answer to one request of the AWS JSON 1.0 protocol. @param body nothing where it is too large */
export function answer(endpoint: Endpoint, head: Head, body: Buffer | undefined): Answer {
  const { status, content } = outcomeOf(endpoint, head, body)
  const bytes = Buffer.from(JSON.stringify(content))
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': String(bytes.length),
    'x-amz-crc32': String(crc32(bytes)),
    'x-amzn-requestid': randomUUID(),
    // Clients correct a wrong clock by this header.
    date: endpoint.service.now().toUTCString(),
  }
  return { status, headers, bytes }
}

function outcomeOf(endpoint: Endpoint, request: Head, body: Buffer | undefined) {
  try {
    if (!body) throw new DynamodbError('RequestEntityTooLargeException', 'A request may be 16 MB at most')
    return { status: 200, content: handle(endpoint, request, body) }
  } catch (error) {
    if (error instanceof DynamodbError) return { status: error.status, content: error.body() }
    endpoint.report(error)
    return { status: 500, content: new DynamodbError('InternalServerError', 'Internal server error').body() }
  }
}

function handle({ service, access, region }: Endpoint, request: Head, body: Buffer): object {
  const { method = '', url = '', headers } = request
  const [rawPath = '', rawQuery = ''] = url.split(/\?(.*)/s)
  const principal = authenticate({ method, rawPath, rawQuery, headers }, body, access, region, service.now)
  const name = String(headers['x-amz-target'] ?? '')
  const handler = name.startsWith(target) ? operations.get(name.slice(target.length)) : undefined
  if (!handler || method !== 'POST' || rawPath !== '/')
    throw new DynamodbError('UnknownOperationException', `This server does not know the operation ${name || method}`)
  const call = handler(service, parseJson(body))
  authorize(access, principal, call.needs)
  return call.run()
}

/**
 * The body is read to its end even when it is too large: a client that is still sending would see a reset instead of the answer.
 * @returns undefined when it is too large
 */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= maxRequestBytes) chunks.push(chunk)
  }
  return bytes > maxRequestBytes ? undefined : Buffer.concat(chunks)
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new DynamodbError('SerializationException', 'The request is not JSON in UTF-8')
  }
}
