import { hash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignatureError } from '../../../shared/sigv4/error.ts'
import { verifySignature } from '../../../shared/sigv4/verify.ts'
import type { AccessControl } from '../access.ts'
import { writeXml, type Xml } from '../s3/xml.ts'
import { ofSignature, SnsError } from './error.ts'
import type { Outbox } from './outbox.ts'
import { readPublication, textFor } from './publish.ts'

export interface Topic {
  arn: string
  /** Of the key that the topic is encrypted under: whoever publishes must be allowed to use it. */
  keyArn?: string | undefined
  /** Mail addresses. */
  subscribers: string[]
}

export interface SnsOptions {
  /** 0: any free one. */
  port: number
  topics: Topic[]
  outbox: Outbox
  access: AccessControl
  region: string
  now: () => Date
  /** Told what is this server's own fault; the client gets a 500. */
  report: (error: unknown) => void
}

export interface Sns {
  url: string
  port: number
  close(): Promise<void>
}

const largestBody = 1024 * 1024

/** Starts the stand-in of SNS on 127.0.0.1: it publishes to topics that there are, into the outbox, and does nothing else. */
export async function startSns(options: SnsOptions): Promise<Sns> {
  const server = createServer(async (request, response) => {
    const requestId = randomUUID()
    const { status, body } = await answer(request, options, requestId)
    // the SDK sets its clock by it
    const date = options.now().toUTCString()
    response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': requestId, date })
    response.end(body)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(request: IncomingMessage, options: SnsOptions, requestId: string) {
  try {
    const MessageId = await publish(request, options)
    const content = { PublishResult: { MessageId }, ResponseMetadata: { RequestId: requestId } }
    return { status: 200, body: writeSnsXml('PublishResponse', content) }
  } catch (error) {
    const refusal = refusalOf(error, options)
    const content = {
      Error: { Type: refusal.status < 500 ? 'Sender' : 'Receiver', Code: refusal.code, Message: refusal.message },
      RequestId: requestId,
    }
    return { status: refusal.status, body: writeSnsXml('ErrorResponse', content) }
  }
}

/** @returns the message's id */
async function publish(request: IncomingMessage, { access, region, now, topics, outbox }: SnsOptions): Promise<string> {
  const body = await readBody(request)
  const [rawPath = '/', rawQuery = ''] = (request.url ?? '/').split('?')
  const signed = { method: request.method ?? '', rawPath, rawQuery, headers: request.headers }
  const { principal } = verifySignature(signed, {
    service: 'sns',
    region,
    now,
    access,
    bodySha256: hash('sha256', body),
  })
  const publication = readPublication(new URLSearchParams(body.toString()))
  // Loopback never leaves the machine, which is what the key about TLS asks for.
  const may = (action: string, resource: string) =>
    access.authorize({ principal, action, resource, context: { 'aws:securetransport': ['true'] } })
  const decision = may('sns:Publish', publication.topic)
  if (!decision.allowed) throw new SnsError('AuthorizationError', decision.reason)
  const topic = topics.find(({ arn }) => arn === publication.topic)
  if (!topic) throw new SnsError('NotFound', 'Topic does not exist')
  for (const action of topic.keyArn === undefined ? [] : ['kms:GenerateDataKey', 'kms:Decrypt']) {
    const use = may(action, topic.keyArn!)
    if (!use.allowed) throw new SnsError('KMSAccessDenied', use.reason)
  }
  const { message, structure } = publication
  const id = randomUUID()
  const text = structure === 'json' ? textFor('email', message) : message
  await outbox.add({
    id,
    publishedAt: now().toISOString(),
    publisher: principal,
    ...publication,
    deliveries: topic.subscribers.map(endpoint => ({ protocol: 'email', endpoint, text })),
  })
  return id
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= largestBody) chunks.push(chunk)
  }
  if (size > largestBody) throw new SnsError('InvalidParameter', 'Invalid parameter: Message too long')
  return Buffer.concat(chunks)
}

function refusalOf(error: unknown, { report }: SnsOptions): SnsError {
  if (error instanceof SnsError) return error
  if (error instanceof SignatureError) return ofSignature(error)
  report(error)
  return new SnsError('InternalFailure', 'The stand-in of SNS failed.')
}

function writeSnsXml(root: string, content: Xml): string {
  return writeXml(root, content, 'http://sns.amazonaws.com/doc/2010-03-31/')
}
