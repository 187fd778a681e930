import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import { SignatureError } from '../../../shared/sigv4/error.ts'
import type { Answer } from './answer.ts'
import { drain } from './body/source.ts'
import { allowOrigin } from './cors.ts'
import { S3Error } from './error.ts'
import type { Fault } from './fault.ts'
import { handle, readTarget, type Service } from './handle.ts'
import { writeXml } from './xml.ts'

/** The largest part of the product is 64 MiB: whoever sends more to be refused may see a reset. */
const drainLimit = 128 * 1024 * 1024

/** A browser throws away what has come and was not read yet when a line breaks: what came before a cut is to be read, in ms. */
const timeToArrive = 1000

/** One request from its first line to the end of its answer. Never throws; what is not the client's doing goes to `report`. */
export async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  service: Service,
  fault: Fault | undefined,
  report: (error: unknown) => void,
): Promise<void> {
  if (fault?.kind === 'stall') return
  if (fault?.kind === 'reset') return void request.socket.resetAndDestroy()
  const id = randomBytes(8).toString('hex').toUpperCase()
  try {
    const answer = await answerTo(request, service, fault, id, report)
    const drained = await drain(request, drainLimit)
    if (fault?.kind === 'lose-answer') return void request.socket.resetAndDestroy()
    await send(request, response, fault?.kind === 'cut' ? cutAfter(fault.after, answer, request.socket) : answer, {
      ...corsHeaders(request, service),
      ...(drained ? {} : { connection: 'close' }),
      date: service.now().toUTCString(),
      'x-amz-request-id': id,
    })
  } catch (error) {
    const clientLeft = request.socket.destroyed || response.destroyed
    response.destroy()
    if (!clientLeft) report(error)
  }
}

async function answerTo(
  request: IncomingMessage,
  service: Service,
  fault: Fault | undefined,
  id: string,
  report: (error: unknown) => void,
): Promise<Answer> {
  if (fault?.kind === 'error')
    return errorAnswer({ status: fault.status, code: fault.code, message: 'As a test asked for.' }, request, id)
  try {
    return await handle(request, service)
  } catch (error) {
    if (error instanceof S3Error) return errorAnswer(error, request, id)
    if (error instanceof SignatureError) {
      const code = error.code === 'MissingAuthenticationToken' ? 'AccessDenied' : error.code
      return errorAnswer({ status: error.status, code, message: error.message }, request, id)
    }
    if (request.socket.destroyed) throw error
    report(error)
    return errorAnswer(new S3Error('InternalError'), request, id)
  }
}

function cutAfter(bytes: number, answer: Answer, socket: Socket): Answer {
  const { body } = answer
  return body === undefined || typeof body === 'string' ? answer : { ...answer, body: beginning(body) }

  async function* beginning(whole: AsyncIterable<Uint8Array>) {
    let left = bytes
    for await (const chunk of whole) {
      yield chunk.subarray(0, left)
      left -= chunk.length
      if (left > 0) continue
      await setTimeout(timeToArrive)
      return void socket.destroySoon()
    }
  }
}

interface Refusal {
  status: number
  code: string
  message: string
  headers?: Record<string, string>
}

function errorAnswer({ status, code, message, headers }: Refusal, request: IncomingMessage, id: string): Answer {
  const Resource = request.url?.replace(/\?.*$/s, '')
  const body = writeXml('Error', { Code: code, Message: message, Resource, RequestId: id })
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body }
}

/** A browser needs them on the answer itself, too. */
function corsHeaders(request: IncomingMessage, { store }: Service): Record<string, string | undefined> {
  const { origin } = request.headers
  if (origin === undefined || request.method === 'OPTIONS') return {}
  try {
    const { bucketName } = readTarget(request)
    return allowOrigin(store.buckets.find(bucketName)?.cors ?? [], origin, request.method ?? '', []) ?? {}
  } catch (error) {
    if (error instanceof SignatureError) return {} // a path that cannot be read names no bucket
    throw error
  }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body }: Answer,
  common: Answer['headers'],
): Promise<void> {
  response.statusCode = status
  for (const [name, value] of Object.entries({ ...headers, ...common }))
    if (value !== undefined) response.setHeader(name, value)
  if (typeof body === 'string') {
    response.setHeader('content-length', Buffer.byteLength(body))
    response.end(request.method === 'HEAD' ? undefined : body)
  } else if (body === undefined) {
    if (!response.hasHeader('content-length') && status !== 204 && status !== 304)
      response.setHeader('content-length', 0)
    response.end()
  } else await pipeline(body, response)
}
